//! The tracing spans of the host: one function for each of the five places, so that names and fields are written once.
//!
//! Owns names, fields and level. Who opens a span also records its outcome with [`end`], once. All spans have the
//! target [`TARGET`] and the level `debug`: a host that logs at `info` pays one comparison for each, and `spans=debug`
//! in the filter selects exactly these. Invariant: no field holds a secret, a payload, or a URL.

use tracing::field::Empty;
use tracing::{Span, debug_span};

use crate::{ClassPath, Digest, TriggerId};

/// The target of all spans.
pub const TARGET: &str = "spans";

/// A workload on its way into the scheduler.
pub const CLAIM: &str = "trigger.claim";
/// One call of a guest's `poll`.
pub const POLL: &str = "trigger.poll";
/// One import that a guest calls.
pub const HOST_CALL: &str = "trigger.host-call";
/// One request to Airflow on behalf of a trigger: an event, a failure or a checkpoint.
pub const DELIVERY: &str = "trigger.delivery";
/// One acknowledgement of raw events at their upstream.
pub const ADVANCE: &str = "stream.advance";

/// Airflow's id of the trigger.
pub const TRIGGER_ID: &str = "trigger_id";
/// The class path, or the path of a callback's function.
pub const CLASSPATH: &str = "classpath";
/// The digest of the component; absent where none is mapped.
pub const DIGEST: &str = "digest";
/// How it ended: a short word from a closed set.
pub const OUTCOME: &str = "outcome";
/// Which import, as `interface.function`.
pub const IMPORT: &str = "import";
/// What is delivered: `event`, `failure` or `checkpoint`.
pub const KIND: &str = "kind";
/// The key of the stream whose raw events are acknowledged.
pub const STREAM: &str = "stream";
/// How many raw events the acknowledgement covers.
pub const RAW_EVENTS: &str = "raw_events";
/// How many lanes the acknowledgement touches.
pub const LANES: &str = "lanes";

/// A claim. The class path and the digest are recorded with [`set_component`] when the class path has been looked up.
pub fn claim(trigger: TriggerId) -> Span {
    debug_span!(
        target: TARGET,
        CLAIM,
        { TRIGGER_ID } = trigger.0,
        { CLASSPATH } = Empty,
        { DIGEST } = Empty,
        { OUTCOME } = Empty
    )
}

/// A poll.
pub fn poll(trigger: TriggerId, classpath: &ClassPath, digest: Digest) -> Span {
    debug_span!(
        target: TARGET,
        POLL,
        { TRIGGER_ID } = trigger.0,
        { CLASSPATH } = classpath.as_str(),
        { DIGEST } = %digest,
        { OUTCOME } = Empty
    )
}

/// A host call. `import` is `interface.function`.
pub fn host_call(trigger: TriggerId, classpath: &ClassPath, digest: Digest, import: &'static str) -> Span {
    debug_span!(
        target: TARGET,
        HOST_CALL,
        { IMPORT } = import,
        { TRIGGER_ID } = trigger.0,
        { CLASSPATH } = classpath.as_str(),
        { DIGEST } = %digest,
        { OUTCOME } = Empty
    )
}

/// A delivery. `kind` says what is delivered.
pub fn delivery(trigger: TriggerId, classpath: &ClassPath, digest: Option<Digest>, kind: &'static str) -> Span {
    debug_span!(
        target: TARGET,
        DELIVERY,
        { KIND } = kind,
        { TRIGGER_ID } = trigger.0,
        { CLASSPATH } = classpath.as_str(),
        { DIGEST } = digest.map(tracing::field::display),
        { OUTCOME } = Empty
    )
}

/// An advance. The class path is that of the stream's key, absent for a stream across classes.
pub fn advance(stream: &str, classpath: Option<&ClassPath>, lanes: usize, raw_events: usize) -> Span {
    debug_span!(
        target: TARGET,
        ADVANCE,
        { STREAM } = stream,
        { CLASSPATH } = classpath.map(ClassPath::as_str),
        { LANES } = lanes,
        { RAW_EVENTS } = raw_events,
        { OUTCOME } = Empty
    )
}

/// Records what runs for the trigger, where that was not known when the span began.
pub fn set_component(span: &Span, classpath: &ClassPath, digest: Option<Digest>) {
    span.record(CLASSPATH, classpath.as_str());
    if let Some(digest) = digest {
        span.record(DIGEST, tracing::field::display(digest));
    }
}

/// Records how it ended.
pub fn end(span: &Span, outcome: &'static str) {
    span.record(OUTCOME, outcome);
}
