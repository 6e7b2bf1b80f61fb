//! Standard output: data only, one line at a time, flushed so that a reader sees it at once.

use std::io::{self, Write as _};

use serde::Serialize;

use crate::exit::{Exit, Failure};

/// Writes one line.
///
/// # Errors
/// Standard output cannot be written; a broken pipe ends the process with success.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    let write = || {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.write_all(b"\n")?;
        out.flush()
    };
    write().map_err(|error: io::Error| Failure {
        exit: Exit::Failed,
        error: anyhow::Error::from(error).context("cannot write standard output"),
    })
}

/// Writes one JSON object on a line of its own.
///
/// # Errors
/// As [`line()`].
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(value).map_err(|error| anyhow::anyhow!("cannot write JSON: {error}"))?;
    line(&text)
}
