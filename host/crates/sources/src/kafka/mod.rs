//! Kafka: one consumer group per stream, one lane per partition.
//!
//! A raw event is `{"topic", "partition", "offset", "timestamp_ms", "key", "headers"}` and one of `"value"` (the
//! message, when it is JSON), `"text"` (when it is UTF-8 but not JSON), `"base64"` (when it is neither), or none of
//! them (a tombstone). Its payload is `topic/partition/offset`.
//!
//! A lane is a partition during one assignment of it: what was read before a partition was taken away is settled in a
//! lane whose advances commit nothing any more, and whoever has the partition now reads it again from the committed
//! offset. Invariant: the committed offset of a partition is behind settled messages alone.

#[cfg(feature = "kafka")]
mod client;
#[cfg(feature = "kafka")]
mod commits;
#[cfg(feature = "kafka")]
mod message;
#[cfg(feature = "kafka")]
mod parameters;
#[cfg(feature = "kafka")]
mod partitions;
#[cfg(feature = "kafka")]
mod producer;
mod settings;
#[cfg(feature = "kafka")]
mod worker;

pub use settings::{Settings, Start};

use crate::errors::SourceRefused;
use crate::source::{Access, Source, Wanted};

/// Makes a source of topics.
#[cfg(feature = "kafka")]
fn make(settings: &Settings, wanted: Wanted<'_>, access: Access) -> Result<Source, SourceRefused> {
    let topics = settings.topics(&wanted)?;
    let group = settings.group_of(wanted.key);
    let producer = producer::Topics::new(settings.clone(), topics, group, access.connections);
    Ok(Source { producer: std::sync::Arc::new(producer), mode: stream_rules::Mode::Ack })
}

/// This program was built without it.
#[cfg(not(feature = "kafka"))]
fn make(_settings: &Settings, wanted: Wanted<'_>, _access: Access) -> Result<Source, SourceRefused> {
    Err(wanted.not_built("kafka"))
}
