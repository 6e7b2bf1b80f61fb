//! A directory: files that appear in it are raw events, without acknowledgement.

mod settings;

pub use settings::{Existing, Settings};

use crate::{Source, SourceRefused, Wanted};

/// Makes a source of a folder.
pub(crate) fn make(settings: &Settings, wanted: Wanted<'_>) -> Result<Source, SourceRefused> {
    let _ = settings;
    Err(wanted.not_built("directory"))
}
