//! `catalog lock`: writes the digests into the file, comments and form kept.
//!
//! Invariant: the file is replaced as a whole or not at all.

use std::fs;
use std::path::Path;

use settings::{Problem, Problems};
use toml_edit::{DocumentMut, Item, TableLike, value};
use trigger_host_types::Digest;

use super::entry::Owner;
use super::read::{CALLBACK, CLASSPATH};
use super::{components, read};
use crate::config::settle;

/// What happened to an entry's pin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// There was none.
    Written,
    /// It named other bytes.
    Replaced,
    /// It was right.
    Kept,
}

/// One entry's pin, as it is now.
#[derive(Debug)]
pub(crate) struct Pin {
    /// Whose: a class path, the path of a callback, or the name of a source.
    pub(crate) name: String,
    /// Which of these.
    place: Place,
    /// Of the component.
    pub(crate) digest: Digest,
    /// What happened.
    pub(crate) change: Change,
}

/// Where a pin is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The `[[trigger]]` whose key of this name is the pin's.
    Trigger(&'static str),
    /// `[sources.NAME]`.
    Source,
}

impl From<Owner<'_>> for Place {
    fn from(owner: Owner<'_>) -> Self {
        match owner {
            Owner::Trigger(entry) => Self::Trigger(if entry.is_callback { CALLBACK } else { CLASSPATH }),
            Owner::Source(_) => Self::Source,
        }
    }
}

/// Pins every entry to the component it has now.
///
/// # Errors
/// Everything that is wrong with the catalog but its digests, and components that cannot be read; nothing is written
/// then.
pub(crate) fn lock(path: &Path) -> Result<Vec<Pin>, Problems> {
    let mut problems = Problems::default();
    let catalog = read(path, &mut problems)?;
    // A digest that cannot be read is about to be replaced.
    problems.forget_errors(|problem| problem.key.as_deref() == Some("digest"));
    let mut pins = Vec::new();
    for (owner, guest) in catalog.guests() {
        match components::file(&guest.component) {
            Ok((_, digest)) => {
                let change = match guest.digest {
                    Some(pinned) if pinned == digest => Change::Kept,
                    Some(_) => Change::Replaced,
                    None => Change::Written,
                };
                pins.push(Pin { name: owner.name().to_owned(), place: Place::from(owner), digest, change });
            }
            Err(what) => problems.error(catalog.problem(guest, guest.component_line, "component", what)),
        }
    }
    settle(problems)?;
    if pins.iter().any(|pin| pin.change != Change::Kept) {
        write(path, &catalog.document.source, &pins).map_err(|what| {
            let mut problems = Problems::default();
            problems.error(Problem::file(path, what));
            problems
        })?;
    }
    Ok(pins)
}

fn write(path: &Path, source: &str, pins: &[Pin]) -> Result<(), String> {
    let mut document: DocumentMut = source.parse().map_err(|error| format!("not TOML: {error}"))?;
    let tables: Vec<&mut dyn TableLike> = match document.get_mut("trigger") {
        Some(Item::ArrayOfTables(tables)) => tables.iter_mut().map(|table| table as &mut dyn TableLike).collect(),
        Some(Item::Value(toml_edit::Value::Array(tables))) => tables
            .iter_mut()
            .filter_map(toml_edit::Value::as_inline_table_mut)
            .map(|table| table as &mut dyn TableLike)
            .collect(),
        _ => Vec::new(),
    };
    for table in tables {
        let is_its = |pin: &&Pin| matches!(pin.place, Place::Trigger(key) if table.get(key).and_then(Item::as_str) == Some(pin.name.as_str()));
        if let Some(pin) = pins.iter().find(is_its) {
            put(table, pin);
        }
    }
    if let Some(sources) = document.get_mut("sources").and_then(Item::as_table_like_mut) {
        for pin in pins.iter().filter(|pin| pin.place == Place::Source) {
            if let Some(table) = sources.get_mut(&pin.name).and_then(Item::as_table_like_mut) {
                put(table, pin);
            }
        }
    }
    replace(path, &document.to_string()).map_err(|error| format!("cannot write this file: {error}"))
}

fn put(table: &mut dyn TableLike, pin: &Pin) {
    let mut pinned = value(pin.digest.to_string());
    if let (Some(old), Some(new)) = (table.get("digest").and_then(Item::as_value), pinned.as_value_mut()) {
        // The spaces and the comment around the old value.
        *new.decor_mut() = old.decor().clone();
    }
    table.insert("digest", pinned);
}

/// Writes beside the file and renames, so that a reader sees the old text or the new one.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let path = path.canonicalize()?;
    let beside = path.with_extension(format!("toml.{}", std::process::id()));
    let written = fs::write(&beside, text)
        .and_then(|()| fs::set_permissions(&beside, fs::metadata(&path)?.permissions()))
        .and_then(|()| fs::rename(&beside, &path));
    if written.is_err() {
        // What is left of an attempt is worth nothing; that it cannot be removed changes nothing.
        let _ = fs::remove_file(&beside);
    }
    written
}
