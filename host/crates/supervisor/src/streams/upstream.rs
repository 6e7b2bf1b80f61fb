//! What a stream reads: made for one group, by whoever knows the operator's table of sources.
//!
//! Owns the seam and nothing behind it. Invariant: making an upstream opens nothing; the group opens it when it begins
//! to read.

use std::sync::Arc;

use broker::Broker;
use stream_rules::{Mode, Policy, StreamKey};
use streams::Producer;
use trigger_host_types::{ClassPath, Clock, Connections, TriggerId};

/// What a subscriber asks for. Nothing of it is trusted.
pub struct WantedUpstream<'a> {
    /// The trigger that subscribes.
    pub trigger: TriggerId,
    /// Its class path.
    pub classpath: &'a ClassPath,
    /// Name of the source.
    pub source: &'a str,
    /// What the trigger adds, as JSON text.
    pub parameters: &'a str,
    /// The stream, for what has to differ from stream to stream, such as a consumer group.
    pub key: &'a StreamKey,
    /// Fetches connections in the subscriber's name.
    pub connections: Arc<dyn Connections>,
    /// Sends requests, with the credentials of such connections.
    pub broker: Broker,
    /// The time that a component sees which reads the source: the subscriber's, also where that is virtual.
    pub clock: Arc<dyn Clock>,
}

/// What a group reads, and by which rules.
pub struct Upstream {
    /// Reads and acknowledges.
    pub producer: Arc<dyn Producer>,
    /// Whether it is acknowledged.
    pub mode: Mode,
    /// The rules of the group.
    pub policy: Policy,
}

/// Why the upstream cannot be made: one line, which says what to do, without a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UpstreamRefused(pub String);

/// The operator's table of sources.
pub trait Upstreams: Send + Sync {
    /// Whether streams of this source with equal keys are one also when their triggers are of different classes, as in
    /// Airflow.
    fn is_shared_across_classes(&self, _source: &str) -> bool {
        false
    }

    /// Makes what a subscriber asks for; counts only when no group of its key is there yet.
    ///
    /// # Errors
    /// The table has no source of that name, or the source does not accept the parameters.
    fn make(&self, wanted: WantedUpstream<'_>) -> Result<Upstream, UpstreamRefused>;
}

/// No table at all.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoUpstreams;

impl Upstreams for NoUpstreams {
    fn make(&self, wanted: WantedUpstream<'_>) -> Result<Upstream, UpstreamRefused> {
        let source: String = wanted.source.chars().take(100).collect();
        Err(UpstreamRefused(format!(
            "there is no source `{source}`: add [sources.\"{source}\"] to the catalog of the host"
        )))
    }
}
