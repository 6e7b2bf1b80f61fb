//! HTTP long poll: an endpoint that answers batches and a cursor to go on from.

mod settings;

pub use settings::Settings;

use crate::{Access, Source, SourceRefused, Wanted};

/// Makes a source of an endpoint.
pub(crate) fn make(settings: &Settings, wanted: Wanted<'_>, access: Access) -> Result<Source, SourceRefused> {
    let _ = (settings, access);
    Err(wanted.not_built("http"))
}
