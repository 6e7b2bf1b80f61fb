//! Standard output: data only, one line at a time, flushed so that a reader sees it at once.

use std::io::{self, Write as _};

use serde::Serialize;

/// Writes one line.
///
/// # Errors
/// Standard output cannot be written; a broken pipe ends the process with success.
pub(crate) fn line(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.write_all(b"\n")?;
    out.flush()
}

/// Writes one JSON object on a line of its own.
///
/// # Errors
/// As [`line`].
pub(crate) fn json(value: &impl Serialize) -> io::Result<()> {
    line(&serde_json::to_string(value)?)
}
