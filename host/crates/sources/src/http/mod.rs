//! HTTP long poll: an endpoint that answers batches and a cursor to go on from.
//!
//! A request is `GET url?cursor=C`; an answer is JSON with an array of raw events and the cursor behind them, each at
//! the place its setting says. The request goes through an [`Exchange`](crate::Exchange) of the caller, which adds the
//! credential, checks the address and caps the answer. With `acknowledge`, the cursor behind the last settled batch is
//! posted there as `{"cursor": "…"}`, and the endpoint is expected to go on from it when it is asked without a cursor.
//! Without, the cursor lives as long as the group.

#[cfg(feature = "http")]
mod batch;
#[cfg(feature = "http")]
mod parameters;
#[cfg(feature = "http")]
mod poll;
mod settings;
#[cfg(all(test, feature = "http"))]
mod texts;

pub use settings::Settings;

use crate::errors::SourceRefused;
use crate::source::{Access, Source, Wanted};

/// Makes a source of an endpoint.
#[cfg(feature = "http")]
fn make(settings: &Settings, wanted: Wanted<'_>, access: Access) -> Result<Source, SourceRefused> {
    let mode = if settings.acknowledge.is_some() { stream_rules::Mode::Ack } else { stream_rules::Mode::Fast };
    let producer = poll::LongPoll::new(settings.clone(), parameters::url(settings, &wanted)?, access.exchange);
    Ok(Source { producer: std::sync::Arc::new(producer), mode })
}

/// This program was built without it.
#[cfg(not(feature = "http"))]
fn make(_settings: &Settings, wanted: Wanted<'_>, _access: Access) -> Result<Source, SourceRefused> {
    Err(wanted.not_built("http"))
}
