//! The types a key can have: how each is read from a file, from the environment and from Airflow's own variables, and
//! how it is shown.
//!
//! One trait drives the file, the environment, `config show` and the documentation, so the four cannot disagree.

mod choice;
mod ids;
mod measure;
mod permissions;
mod plain;

use std::path::Path;

pub use choice::{Compile, Dialect, Format, Unmapped};
pub use measure::Size;
pub use permissions::Permissions;

use crate::document::Wanted;

/// A value of a configuration key.
pub trait Setting: Wanted {
    /// Reads the text of an environment variable or a flag.
    fn from_text(text: &str) -> Option<Self>;

    /// Reads the text of one of Airflow's own variables, where its form differs (durations are bare seconds).
    fn from_airflow(text: &str) -> Option<Self> {
        Self::from_text(text)
    }

    /// Makes a path of a file relative to that file's folder.
    fn based(self, _folder: &Path) -> Self {
        self
    }

    /// As TOML. Empty: not set. A secret is `"***"`.
    fn show(&self) -> String;
}
