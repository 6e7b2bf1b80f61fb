//! A directory: files that appear in it are raw events, without acknowledgement.
//!
//! A raw event is `{"path": "in/a.csv", "size": 12, "modified_ms": 1754000000000}`, with the path relative to the
//! granted folder. A file counts when two listings in a row found it with the same size and time, so that one that is
//! still being written does not; one that changes afterwards counts again. Symbolic links, folders and everything else
//! that is not a file do not count.

#[cfg(feature = "directory")]
mod listing;
#[cfg(feature = "directory")]
mod parameters;
#[cfg(feature = "directory")]
mod reader;
mod settings;
#[cfg(all(test, feature = "directory"))]
mod texts;

pub use settings::{Existing, Settings};

use crate::errors::SourceRefused;
use crate::source::{Access, Source, Wanted};

/// Makes a source of a folder.
#[cfg(feature = "directory")]
fn make(settings: &Settings, wanted: Wanted<'_>, _access: Access) -> Result<Source, SourceRefused> {
    let producer = reader::Directory::new(settings, parameters::select(&wanted)?);
    Ok(Source { producer: std::sync::Arc::new(producer), mode: stream_rules::Mode::Fast })
}

/// This program was built without it.
#[cfg(not(feature = "directory"))]
fn make(_settings: &Settings, wanted: Wanted<'_>, _access: Access) -> Result<Source, SourceRefused> {
    Err(wanted.not_built("directory"))
}
