//! The supervisor's metrics, by name. Label values come from closed sets.

/// Counter: events the API accepted.
pub(crate) const FIRED: &str = "trigger_host_events_fired_total";
/// Counter, label `reason`: failures of triggers, by their short code.
pub(crate) const FAILED: &str = "trigger_host_triggers_failed_total";
/// Counter, label `fault`: requests for triggers that were not accepted.
pub(crate) const REFUSED: &str = "trigger_host_requests_refused_total";
/// Histogram: events in one request, where there are several.
pub(crate) const BATCH: &str = "trigger_host_event_batch_size";
/// Counter: raw events that a filter looked at.
pub(crate) const RAW_EVENTS: &str = "trigger_host_stream_evaluations_total";
/// Counter: raw events that a filter rejected.
pub(crate) const RAW_REJECTED: &str = "trigger_host_stream_rejections_total";
/// Counter, labels `source` (always `guest`) and `reason`, a short code: reads of a component that failed.
pub(crate) const READS_FAILED: &str = "trigger_host_stream_reads_failed_total";
/// Counter, label `source` as above: messages of a component that were kept from others at the upstream for another while.
pub(crate) const EXTENDED: &str = "trigger_host_stream_extended_messages_total";
/// Counter, labels `source` and `reason` as above: calls to keep messages that failed.
pub(crate) const EXTENSIONS_FAILED: &str = "trigger_host_stream_extensions_failed_total";
/// Counter, labels `source` as above and `why` (`room`, `failed`, `age`): messages that are kept no longer though they are open, so may come again.
pub(crate) const LET_GO: &str = "trigger_host_stream_let_go_messages_total";
/// Counter, label `state`: states of the scheduler that cannot be, and are.
pub(crate) const IMPOSSIBLE: &str = "trigger_host_impossible_states_total";
/// Gauge: triggers held.
pub(crate) const TRIGGERS: &str = "trigger_host_triggers";
/// Gauge: triggers held that cannot be run.
pub(crate) const HELD: &str = "trigger_host_triggers_held";
/// Histogram, seconds: from the time a call was due to its start.
pub(crate) const LATE: &str = "trigger_host_poll_lateness_seconds";
/// Gauge: seconds since the last accepted heartbeat.
pub(crate) const SILENCE: &str = "trigger_host_heartbeat_silence_seconds";
