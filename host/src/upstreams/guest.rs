//! A source that a component reads.

use std::sync::Arc;

use broker::HttpGrant;
use sandbox::Limits;
use stream_rules::{Mode, Policy};
use supervisor::{GuestParts, GuestUpstream, Upstream, WantedUpstream};

/// A producer, and what its calls may reach and use.
pub(crate) struct Component {
    /// Loaded, with the interfaces its grants allow.
    pub(crate) producer: sandbox::Producer,
    /// For each of its calls.
    pub(crate) limits: Arc<Limits>,
    /// Where its requests may go.
    pub(crate) http: Arc<[HttpGrant]>,
}

/// Makes what a trigger asks for.
pub(super) fn make(of: &Component, policy: Policy, wanted: &WantedUpstream<'_>) -> Upstream {
    let parts = GuestParts {
        source: wanted.source.into(),
        producer: of.producer.clone(),
        parameters: wanted.parameters.to_owned(),
        limits: Arc::clone(&of.limits),
        http: Arc::clone(&of.http),
        broker: wanted.broker.clone(),
        clock: Arc::clone(&wanted.clock),
    };
    Upstream { producer: Arc::new(GuestUpstream::new(parts)), mode: Mode::Ack, policy }
}
