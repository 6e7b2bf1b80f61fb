//! The table. Adding a metric is adding a row here, writing the page again (`cargo xtask docs`), and counting it
//! somewhere.

use crate::metric::{Counter, Gauge, Histogram, Kind, Label, Metric, Unit};

macro_rules! table {
    ($(
        $title:literal {
            $($Kind:ident $NAME:ident = $name:literal, $unit:ident, [$($key:literal: $values:literal),*], $meaning:literal;)*
        }
    )*) => {
        $($(
            #[doc = $meaning]
            pub const $NAME: $Kind<{ let keys: &[&str] = &[$($key),*]; keys.len() }> = $Kind::new(&Metric {
                name: $name,
                kind: Kind::$Kind,
                unit: Unit::$unit,
                labels: &[$(Label { key: $key, values: $values }),*],
                meaning: $meaning,
            });
        )*)*

        /// The rows as they are documented: sections with their titles, and the constant of each row.
        pub(crate) const SECTIONS: &[(&str, &[(&str, &Metric)])] =
            &[$(($title, &[$((stringify!($NAME), $NAME.metric())),*])),*];
    };
}

table! {
    "Triggers" {
        Gauge TRIGGERS = "trigger_host_triggers", Count, [],
            "Triggers that this host holds.";
        Gauge TRIGGERS_HELD = "trigger_host_triggers_held", Count, [],
            "Triggers that this host holds and cannot run, because no component is mapped to them.";
        Counter EVENTS_FIRED = "trigger_host_events_fired_total", Count, [],
            "Events that the API has accepted.";
        Counter TRIGGERS_FAILED = "trigger_host_triggers_failed_total", Count, ["reason": "`guest`, `trap`, `cpu`, `memory`, `deadline`, `host-calls`, `bad-answer`, `bad-payload`, `bad-kwargs`, `template`, `no-event`, `unmapped`, `refused`, `host`"],
            "Failures of triggers.";
        Counter IMPOSSIBLE_STATES = "trigger_host_impossible_states_total", Count, ["state": "`empty-slot`, `empty-outbox`, `no-class`, `outdated-effect`"],
            "States of the scheduler that should be impossible: each is a bug in Trigger Host.";
        Histogram POLL_LATENESS = "trigger_host_poll_lateness_seconds", Seconds, [],
            "From the time a call was due to its start.";
    }
    "Execution API" {
        Gauge HEARTBEAT_SILENCE = "trigger_host_heartbeat_silence_seconds", Seconds, [],
            "Time since the API last accepted a heartbeat.";
        Counter REQUESTS_REFUSED = "trigger_host_requests_refused_total", Count, ["fault": "`transport`, `busy`, `server`, `auth`, `job-gone`, `no-api`, `not-found`, `rejected`"],
            "Requests about triggers that the API did not accept.";
        Histogram EVENT_BATCH_SIZE = "trigger_host_event_batch_size", Count, [],
            "Events in one request, where there are several.";
    }
    "Components" {
        Counter POLLS = "trigger_host_polls_total", Count, ["function": "the exported function, such as `poll`, `on-kill`, `describe`, `evaluate`, `read`, `advance`, `extend`", "end": "`ok`, `guest`, `trap`, `cpu`, `memory`, `deadline`, `host-calls`, `bad-answer`, `cancelled`"],
            "Calls of components.";
        Histogram POLL_CPU = "trigger_host_poll_cpu_seconds", Seconds, ["function": "as above"],
            "CPU time of one call.";
        Counter HOST_CALLS = "trigger_host_host_calls_total", Count, ["import": "the imported interface, such as `http` or `variables`", "result": "`ok`, `error`, `refused` (by the budget or a cap)"],
            "Host calls that components made.";
        Counter LOG_LINES_DROPPED = "trigger_host_log_lines_dropped_total", Count, [],
            "Log lines of components beyond their limits, which were dropped.";
        Counter COMPONENT_LOADS = "trigger_host_component_loads_total", Count, ["from": "`memory`, `cache`, `compiler`"],
            "Components loaded.";
    }
    "HTTP requests of components" {
        Counter HTTP_REQUESTS = "trigger_host_http_requests_total", Count, ["outcome": "`1xx` to `5xx`, `not-granted`, `invalid`, `budget`, `too-large`, `deadline`, `unreachable`, `other`"],
            "HTTP exchanges.";
        Histogram HTTP_DURATION = "trigger_host_http_request_duration_seconds", Seconds, [],
            "How long an exchange took, including the wait for its turn.";
        Counter HTTP_RECEIVED = "trigger_host_http_received_bytes_total", Bytes, [],
            "Bodies of answers that were handed to components.";
    }
    "Logs of triggers" {
        Counter TRIGGER_LOG_LINES = "trigger_host_trigger_log_lines_total", Count, [],
            "Lines written to the files of triggers.";
        Counter TRIGGER_LOG_BYTES = "trigger_host_trigger_log_bytes_total", Bytes, [],
            "Bytes written to the files of triggers.";
        Counter TRIGGER_LOG_LINES_LOST = "trigger_host_trigger_log_lines_lost_total", Count, ["reason": "`queue` (too many lines were waiting), `full` (the file has reached its size), `path` (the host does not write there), `error` (the file system failed)"],
            "Lines that were not written.";
        Counter LOG_SERVER_REQUESTS = "trigger_host_log_server_requests_total", Count, ["status": "the HTTP status"],
            "Requests to the log server.";
    }
    "Shared streams" {
        Gauge STREAM_GROUPS = "trigger_host_stream_groups", Count, ["source": "the kind of source: `kafka`, `directory`, `http`, `guest`", "state": "`grace`, `opening`, `reading`, `paused`, `blocked`, `full`, `idle`, `lingering`, `draining`, `closing`, `ended`, `no-answer`"],
            "Groups.";
        Gauge STREAM_SUBSCRIBERS = "trigger_host_stream_subscribers", Count, ["source": "as above"],
            "Subscribers.";
        Gauge STREAM_OUTSTANDING = "trigger_host_stream_outstanding", Count, ["source": "as above"],
            "Raw events that have been read and are not advanced past.";
        Gauge STREAM_QUEUED = "trigger_host_stream_queued", Count, ["source": "as above"],
            "Raw events that some subscriber has yet to be given.";
        Gauge STREAM_UNSTORED_EVENTS = "trigger_host_stream_unstored_events", Count, ["source": "as above"],
            "Events made of raw events that the API has not stored yet.";
        Gauge STREAM_LANES = "trigger_host_stream_lanes", Count, ["source": "as above"],
            "Lanes with anything in them.";
        Gauge STREAM_LAG = "trigger_host_stream_lag", Count, ["source": "as above"],
            "Raw events that wait for the slowest subscriber of any group.";
        Gauge STREAM_OLDEST = "trigger_host_stream_oldest_seconds", Seconds, ["source": "as above"],
            "Age of the oldest raw event of any group that is not advanced past.";
        Counter STREAM_READS = "trigger_host_stream_reads_total", Count, ["source": "as above"],
            "Reads that a source answered.";
        Counter STREAM_READS_FAILED = "trigger_host_stream_reads_failed_total", Count, ["source": "`guest`", "reason": "how the call of the component ended, as `end` of `trigger_host_polls_total`"],
            "Reads of a producer component that failed.";
        Counter STREAM_RAW_EVENTS = "trigger_host_stream_raw_events_total", Count, ["source": "as above"],
            "Raw events read.";
        Counter STREAM_EVALUATIONS = "trigger_host_stream_evaluations_total", Count, [],
            "Raw events that a filter looked at.";
        Counter STREAM_REJECTIONS = "trigger_host_stream_rejections_total", Count, [],
            "Raw events that a filter rejected.";
        Counter STREAM_SKIPPED = "trigger_host_stream_skipped_total", Count, ["source": "as above"],
            "Raw events that a subscriber's match ruled out, so that its filter was not called; counted once for each subscriber.";
        Counter STREAM_REJECTED = "trigger_host_stream_rejected_total", Count, ["source": "as above"],
            "Raw events that a subscriber rejected; counted once for each subscriber.";
        Counter STREAM_FAILED = "trigger_host_stream_failed_total", Count, ["source": "as above", "reason": "`timeout`, `overflow`, `filter`, `left`, `never-delivered`"],
            "Raw events that failed for a subscriber; counted once for each subscriber.";
        Counter STREAM_ADVANCES = "trigger_host_stream_advances_total", Count, ["source": "as above"],
            "Advances that the upstream accepted.";
        Counter STREAM_ADVANCES_FAILED = "trigger_host_stream_advances_failed_total", Count, ["source": "as above"],
            "Calls of advance that failed or were overdue.";
        Counter STREAM_ADVANCED = "trigger_host_stream_advanced_total", Count, ["source": "as above"],
            "Raw events that were advanced past.";
        Counter STREAM_EXTENDED = "trigger_host_stream_extended_messages_total", Count, ["source": "`guest`"],
            "Messages whose hold at the upstream a producer component extended.";
        Counter STREAM_EXTENSIONS_FAILED = "trigger_host_stream_extensions_failed_total", Count, ["source": "`guest`", "reason": "how the call of the component ended"],
            "Calls to extend holds that failed.";
        Counter STREAM_LET_GO = "trigger_host_stream_let_go_messages_total", Count, ["source": "`guest`", "why": "`room` (too many are open), `failed` (the hold could not be extended), `age` (an hour has passed)"],
            "Open messages whose hold is no longer extended, so that they may come again.";
    }
}

/// Every metric.
pub fn rows() -> impl Iterator<Item = &'static Metric> {
    constants().map(|(_, metric)| metric)
}

/// Every metric with the name of its constant.
pub fn constants() -> impl Iterator<Item = (&'static str, &'static Metric)> {
    SECTIONS.iter().flat_map(|(_, rows)| rows.iter().copied())
}
