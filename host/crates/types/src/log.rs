//! A line of a trigger's log, between the sandbox (which gets it from the guest) and whoever writes it.

use serde::{Deserialize, Serialize};

/// A message is cut at so many bytes.
pub const MOST_MESSAGE: usize = 16 << 10;

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// For the author.
    Debug,
    /// Ordinary progress.
    Info,
    /// Something a person may want to know.
    Warning,
    /// Something a person has to act on.
    Error,
}

/// One line, within the caps of the sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// How much it matters.
    pub level: Level,
    /// Text without line ends.
    pub message: String,
    /// Name and JSON text. The names are letters, digits and `_`, and none that the host writes itself.
    pub fields: Vec<(String, String)>,
    /// Where it came from.
    pub source: Source,
}

/// Where a line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The `logging` import.
    Guest,
    /// The guest's standard output.
    Stdout,
    /// The guest's standard error.
    Stderr,
}
