//! What shared streams hold and have done, as metrics. Gauges are of the moment somebody asks.

use std::collections::BTreeMap;

use stream_rules::status::{State, Totals};
use streams::{GroupStatus, Seen, Streams};
use telemetry::table;

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
    for (metric, value) in [
        (table::STREAM_READS, totals.reads),
        (table::STREAM_RAW_EVENTS, totals.read),
        (table::STREAM_SKIPPED, totals.skipped),
        (table::STREAM_REJECTED, totals.rejected),
        (table::STREAM_ADVANCES, totals.advances),
        (table::STREAM_ADVANCES_FAILED, totals.advances_failed),
        (table::STREAM_ADVANCED, totals.advanced),
    ] {
        metric.with([source]).absolute(value);
    }
    for (by, value) in totals.failed_by() {
        table::STREAM_FAILED.with([source, by.as_str()]).absolute(value);
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
        for (metric, value) in [
            (table::STREAM_SUBSCRIBERS, held.subscribers),
            (table::STREAM_OUTSTANDING, held.outstanding),
            (table::STREAM_QUEUED, held.queued),
            (table::STREAM_UNSTORED_EVENTS, held.unstored),
            (table::STREAM_LANES, held.lanes),
            (table::STREAM_LAG, held.lag),
        ] {
            metric.with([source]).set(number(value));
        }
        table::STREAM_OLDEST.with([source]).set(held.oldest);
        for state in &states {
            let count = held.states.get(state).copied().unwrap_or_default();
            table::STREAM_GROUPS.with([source, *state]).set(number(count));
        }
    }
}

/// As metrics take them.
fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}
