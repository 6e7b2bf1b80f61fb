//! What shared streams hold and have done, as metrics. Label values come from closed sets: kinds of sources, states, reasons; never a key.
//!
//! Owns the names. Gauges are of the moment somebody asks.

use std::collections::BTreeMap;

use metrics::{counter, gauge};
use stream_rules::status::{State, Totals};
use streams::{GroupStatus, Seen, Streams};

/// Gauge, labels `source` and `state`: groups.
const GROUPS: &str = "trigger_host_stream_groups";
/// Gauge, label `source`: subscribers.
const SUBSCRIBERS: &str = "trigger_host_stream_subscribers";
/// Gauge, label `source`: raw events that are not advanced past.
const OUTSTANDING: &str = "trigger_host_stream_outstanding";
/// Gauge, label `source`: raw events that somebody has still to be given.
const QUEUED: &str = "trigger_host_stream_queued";
/// Gauge, label `source`: trigger events that are not stored.
const UNSTORED: &str = "trigger_host_stream_unstored_events";
/// Gauge, label `source`: lanes with anything in them.
const LANES: &str = "trigger_host_stream_lanes";
/// Gauge, label `source`: raw events that wait for the slowest subscriber of any group.
const LAG: &str = "trigger_host_stream_lag";
/// Gauge, label `source`: seconds since the oldest raw event of any group was read that is not advanced past.
const OLDEST: &str = "trigger_host_stream_oldest_seconds";
/// Counter, label `source`: reads that a source answered.
const READS: &str = "trigger_host_stream_reads_total";
/// Counter, label `source`: raw events read.
const READ: &str = "trigger_host_stream_raw_events_total";
/// Counter, label `source`: parts of raw events that no filter was called for.
const SKIPPED: &str = "trigger_host_stream_skipped_total";
/// Counter, label `source`: parts of raw events that a filter refused.
const REJECTED: &str = "trigger_host_stream_rejected_total";
/// Counter, labels `source` and `reason`: parts of raw events that were failed.
const FAILED: &str = "trigger_host_stream_failed_total";
/// Counter, label `source`: advances that a broker took.
const ADVANCES: &str = "trigger_host_stream_advances_total";
/// Counter, label `source`: calls of advance that failed or were overdue.
const ADVANCES_FAILED: &str = "trigger_host_stream_advances_failed_total";
/// Counter, label `source`: raw events that were advanced past.
const ADVANCED: &str = "trigger_host_stream_advanced_total";

/// Looks at all streams and sets the metrics. Takes at most as long as [`Streams::status`].
pub(super) async fn look(streams: &Streams) {
    let groups = streams.status().await;
    let totals = streams.totals();
    for (source, totals) in &totals {
        count(source, totals);
    }
    hold(&groups, totals.keys().copied());
}

fn count(source: &'static str, totals: &Totals) {
    for (name, value) in [
        (READS, totals.reads),
        (READ, totals.read),
        (SKIPPED, totals.skipped),
        (REJECTED, totals.rejected),
        (ADVANCES, totals.advances),
        (ADVANCES_FAILED, totals.advances_failed),
        (ADVANCED, totals.advanced),
    ] {
        counter!(name, "source" => source).absolute(value);
    }
    for (by, value) in totals.failed_by() {
        counter!(FAILED, "source" => source, "reason" => by.as_str()).absolute(value);
    }
}

/// What all groups of one kind hold together.
#[derive(Default)]
struct Held {
    subscribers: usize,
    outstanding: usize,
    queued: usize,
    unstored: usize,
    lanes: usize,
    lag: usize,
    oldest: f64,
    states: BTreeMap<&'static str, usize>,
}

impl Held {
    fn add(&mut self, group: &GroupStatus) {
        *self.states.entry(group.state()).or_default() += 1;
        let Seen::Status(status) = &group.seen else { return };
        self.subscribers += status.counts.subscribers;
        self.outstanding += status.counts.outstanding;
        self.queued += status.counts.queued;
        self.unstored += status.counts.unconfirmed;
        self.lanes += status.counts.lanes;
        self.lag = self.lag.max(status.lag);
        self.oldest = self.oldest.max(status.oldest.unwrap_or_default().as_secs_f64());
    }
}

/// `known`: kinds that have been seen before, which may hold nothing by now.
fn hold(groups: &[GroupStatus], known: impl Iterator<Item = &'static str>) {
    let mut held: BTreeMap<&'static str, Held> = known.map(|source| (source, Held::default())).collect();
    for group in groups {
        // A paused stream without a group holds nothing.
        let Some(source) = group.source else { continue };
        held.entry(source).or_default().add(group);
    }
    let mut states = State::ALL.map(State::as_str).to_vec();
    states.push(GroupStatus::NO_ANSWER);
    for (source, held) in held {
        for (name, value) in [
            (SUBSCRIBERS, held.subscribers),
            (OUTSTANDING, held.outstanding),
            (QUEUED, held.queued),
            (UNSTORED, held.unstored),
            (LANES, held.lanes),
            (LAG, held.lag),
        ] {
            gauge!(name, "source" => source).set(number(value));
        }
        gauge!(OLDEST, "source" => source).set(held.oldest);
        for state in &states {
            let count = held.states.get(state).copied().unwrap_or_default();
            gauge!(GROUPS, "source" => source, "state" => *state).set(number(count));
        }
    }
}

/// As metrics take them.
fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}
