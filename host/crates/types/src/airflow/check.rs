//! How large an argument may be, and what no id may hold. An interface with limits of its own keeps them in its own
//! file.

use super::{Error, MAX_VALUE};

/// Ids of Dags, runs, tasks and connections; keys of variables.
pub(super) const MOST_ID: usize = 250;
/// Keys of XComs and of asset state.
pub(super) const MOST_KEY: usize = 512;
/// A date, a state.
pub(super) const MOST_WORD: usize = 64;
/// Entries of a list.
const MOST_ENTRIES: usize = 100;

/// A name: not empty, not long, on one line.
pub(super) fn check_text(what: &str, value: &str, most: usize) -> Result<(), Error> {
    if value.is_empty() {
        return Err(Error::Invalid(format!("`{what}` is empty")));
    }
    if value.chars().any(char::is_control) {
        return Err(Error::Invalid(format!("`{what}` contains a control character")));
    }
    check_length(what, value, most)
}

/// A name that may be absent.
pub(super) fn check_optional(what: &str, value: Option<&String>, most: usize) -> Result<(), Error> {
    value.map_or(Ok(()), |value| check_text(what, value, most))
}

/// Names, and how many.
pub(super) fn check_list(what: &str, values: &[String], most: usize) -> Result<(), Error> {
    if values.len() > MOST_ENTRIES {
        return Err(Error::Invalid(format!("`{what}` has {} entries, more than {MOST_ENTRIES}", values.len())));
    }
    values.iter().try_for_each(|value| check_text(what, value, most))
}

/// Text of any kind.
pub(super) fn check_length(what: &str, value: &str, most: usize) -> Result<(), Error> {
    if value.len() > most {
        return Err(Error::Invalid(format!("`{what}` has {} bytes, more than {most}", value.len())));
    }
    Ok(())
}

/// A value to store.
pub(super) fn check_value(value: &str) -> Result<(), Error> {
    if value.len() as u64 > MAX_VALUE { Err(Error::TooLarge(MAX_VALUE)) } else { Ok(()) }
}

/// The server accepts any number here, and then finds nothing or something else.
pub(super) fn check_map_index(index: Option<i32>) -> Result<(), Error> {
    match index {
        Some(index) if index < -1 => Err(Error::Invalid(format!(
            "`map-index` is {index}: give the index of a mapped task, from 0, or -1 for a task that is not mapped"
        ))),
        _ => Ok(()),
    }
}
