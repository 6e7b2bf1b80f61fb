//! `xcoms`: values that tasks of one Dag run leave for each other.

use super::check::{MOST_ID, MOST_KEY, check_map_index, check_optional, check_text, check_value};
use super::{Ask, Error};

/// An XCom within the trigger's own Dag run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XcomPlace {
    /// The task; the waiting one when absent.
    pub task_id: Option<String>,
    /// Its key.
    pub key: String,
    /// The mapped instance; when absent, that of the waiting task if `task_id` is absent too, else -1.
    pub map_index: Option<i32>,
}

/// Reads an XCom.
pub struct XcomGet {
    /// Which one.
    pub place: XcomPlace,
}

/// Creates or replaces an XCom.
pub struct XcomSet {
    /// Which one.
    pub place: XcomPlace,
    /// Neutral JSON.
    pub value: String,
}

/// Removes an XCom.
pub struct XcomDelete {
    /// Which one.
    pub place: XcomPlace,
}

const INTERFACE: &str = "xcoms";

impl Ask for XcomGet {
    /// Neutral JSON.
    type Answer = String;
    const INTERFACE: &'static str = INTERFACE;
    const NAME: &'static str = "xcoms.get";

    fn check(&self) -> Result<(), Error> {
        check_place(&self.place)
    }

    fn count_bytes(answer: &String) -> usize {
        answer.len()
    }
}

impl Ask for XcomSet {
    type Answer = ();
    const INTERFACE: &'static str = INTERFACE;
    const NAME: &'static str = "xcoms.set";

    fn check(&self) -> Result<(), Error> {
        check_place(&self.place)?;
        check_value(&self.value)
    }
}

impl Ask for XcomDelete {
    type Answer = ();
    const INTERFACE: &'static str = INTERFACE;
    const NAME: &'static str = "xcoms.delete";

    fn check(&self) -> Result<(), Error> {
        check_place(&self.place)
    }
}

fn check_place(place: &XcomPlace) -> Result<(), Error> {
    check_optional("task-id", place.task_id.as_ref(), MOST_ID)?;
    check_map_index(place.map_index)?;
    check_text("key", &place.key, MOST_KEY)
}
