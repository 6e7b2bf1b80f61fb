//! XComs of the trigger's own Dag run, by the grant `xcom = "read"` or `xcom = "read-write"`.
//!
//! ```no_run
//! # use trigger_host_sdk::{xcoms, Result};
//! # fn example() -> Result<()> {
//! let rows: Option<u64> = xcoms::of("extract").get("return_value")?;
//! xcoms::own().set("seen", &rows)?;
//! # Ok(()) }
//! ```

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Error, found, read, write};
use crate::bindings::trigger_host::host::xcoms::Place;
use crate::platform::xcoms as host;

/// XComs of one task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Xcoms {
    task_id: Option<String>,
    map_index: Option<i32>,
}

/// Those of the waiting task itself, and of its own mapped instance.
pub const fn own() -> Xcoms {
    Xcoms { task_id: None, map_index: None }
}

/// Those of a task of the same Dag run.
pub fn of(task_id: impl Into<String>) -> Xcoms {
    Xcoms { task_id: Some(task_id.into()), map_index: None }
}

impl Xcoms {
    /// Those of this mapped instance.
    #[must_use]
    pub const fn mapped(mut self, map_index: i32) -> Self {
        self.map_index = Some(map_index);
        self
    }

    /// The value; `None` when there is none.
    ///
    /// # Errors
    /// See [`Error`]; also a value of another shape.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Error> {
        found(host::get(&self.place(key)))?.map(|text| read("XCom", &text)).transpose()
    }

    /// Creates or replaces it. JSON from elsewhere goes through [`to_neutral`](crate::to_neutral).
    ///
    /// # Errors
    /// See [`Error`].
    pub fn set(&self, key: &str, value: &impl Serialize) -> Result<(), Error> {
        Ok(host::set(&self.place(key), &write("XCom", value)?)?)
    }

    /// Removes it; fine when there is none.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn delete(&self, key: &str) -> Result<(), Error> {
        Ok(host::delete(&self.place(key))?)
    }

    fn place(&self, key: &str) -> Place {
        Place { task_id: self.task_id.clone(), key: key.to_owned(), map_index: self.map_index }
    }
}
