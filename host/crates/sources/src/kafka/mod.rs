//! Kafka: one consumer per group, one lane per partition and assignment.

mod settings;

pub use settings::{Settings, Start};

use crate::{Access, Source, SourceRefused, Wanted};

/// Makes a source of topics.
pub(crate) fn make(settings: &Settings, wanted: Wanted<'_>, access: Access) -> Result<Source, SourceRefused> {
    let _ = (settings, access);
    Err(wanted.not_built("kafka"))
}
