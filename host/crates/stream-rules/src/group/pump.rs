//! The way back to the broker.
//!
//! Owns the batches (`P3`) and their calls: which lanes advance, how often one is tried, how long it may take.
//! Invariants: at most one call per lane and `max_in_flight` calls per group at any time; a batch that has to be tried
//! again stays at the head of its lane.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::{Group, Phase};
use crate::effect::{AdvanceItem, Effect, Notice};
use crate::ids::{BatchId, Moment};
use crate::lanes::{Activity, Flight};
use crate::outcome::Failure;
use crate::timers::Timer;

/// How an advance failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdvanceError {
    /// For logs and for the subscribers, should the group end.
    pub what: Arc<str>,
    /// Whether another attempt is useless.
    pub fatal: bool,
    /// How long the broker asked to wait at least.
    pub retry_after: Option<Duration>,
}

/// What is on its way to the broker.
#[derive(Debug, Default)]
pub(super) struct Advancing {
    /// Running calls, and their lanes.
    running: HashMap<BatchId, u32>,
    /// Lanes with a batch that is being advanced or waits to be tried again.
    flights: usize,
    /// Lanes whose batch may be tried again as soon as there is room.
    again: VecDeque<u32>,
    /// Calls that were ever begun: the number of the last one.
    batches: u64,
    /// Whether the deadline of a running call is set.
    deadline_set: bool,
}

impl Advancing {
    /// Whether nothing is being advanced, or waits to be tried again.
    pub(super) fn is_idle(&self) -> bool {
        self.flights == 0
    }

    pub(super) fn running_calls(&self) -> usize {
        self.running.len()
    }

    /// The batch of this lane has waited long enough since its last call failed.
    pub(super) fn try_again(&mut self, lane: u32) {
        self.again.push_back(lane);
    }
}

impl Group {
    /// Begins every advance that may begin (`P4`).
    pub(super) fn pump(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        if matches!(self.phase, Phase::Closing | Phase::Ended) {
            return;
        }
        while self.advancing.running.len() < self.policy.advance.max_in_flight {
            if let Some(lane) = self.advancing.again.pop_front() {
                self.call(lane, now, effects);
            } else if let Some(lane) = self.lanes.next_ready() {
                self.dispatch(lane, now, effects);
            } else {
                return;
            }
        }
    }

    /// Takes the resolved prefix of a lane out of the table and calls (`P2`, `P3`).
    fn dispatch(&mut self, lane: u32, now: Moment, effects: &mut Vec<Effect>) {
        let (mut items, mut since) = (Vec::new(), now);
        while items.len() < self.policy.advance.max_batch {
            let Some(id) = self.lanes.get(lane).and_then(|lane| lane.head) else { break };
            let Some(entry) = self.entries.get(id).filter(|entry| entry.left == 0) else { break };
            if entry.outcome.failed() > 0 && !entry.pass {
                if !items.is_empty() && self.keeps(id, lane, now) {
                    break;
                }
                if self.keep(id, lane, now, effects) {
                    return;
                }
            }
            let Some(entry) = self.entries.remove(id) else { break };
            self.held.remove(&id);
            if let Some(lane) = self.lanes.get_mut(lane) {
                lane.head = entry.next_in_lane;
            }
            since = since.min(entry.read);
            items.push(AdvanceItem { payload: entry.payload, outcome: entry.outcome });
        }
        let flight =
            Flight { batch: BatchId(0), items: items.into(), calls: 0, overdue: None, running: false, again: None };
        if let Some(state) = self.lanes.get_mut(lane) {
            state.since = since;
            state.activity = Activity::Advancing(flight);
            self.advancing.flights += 1;
            self.call(lane, now, effects);
        }
    }

    fn call(&mut self, lane: u32, now: Moment, effects: &mut Vec<Effect>) {
        let deadline = self.policy.advance.deadline;
        let Some(state) = self.lanes.get_mut(lane) else { return };
        let Activity::Advancing(flight) = &mut state.activity else { return };
        self.advancing.batches += 1;
        flight.batch = BatchId(self.advancing.batches);
        flight.calls += 1;
        flight.running = true;
        flight.again = None;
        flight.overdue = deadline.map(|deadline| now.after(deadline));
        self.advancing.running.insert(flight.batch, lane);
        effects.push(Effect::Advance { batch: flight.batch, lane: state.lane.clone(), items: flight.items.clone() });
        if let Some(deadline) = deadline
            && !self.advancing.deadline_set
        {
            self.advancing.deadline_set = true;
            self.timers.set(now.after(deadline), Timer::Advance);
        }
    }

    /// A call is over. One that was abandoned changes nothing.
    pub fn advanced(
        &mut self,
        batch: BatchId,
        result: Result<(), AdvanceError>,
        now: Moment,
        effects: &mut Vec<Effect>,
    ) {
        let Some(lane) = self.advancing.running.remove(&batch) else { return };
        match result {
            Ok(()) => {
                self.advancing.flights -= 1;
                self.totals.advances += 1;
                if let Some(state) = self.lanes.get_mut(lane) {
                    if let Activity::Advancing(flight) = std::mem::replace(&mut state.activity, Activity::Idle) {
                        self.totals.advanced += flight.items.len() as u64;
                    }
                    state.rewinds = 0;
                }
                self.lanes.settle(lane, &self.entries);
            }
            Err(error) => self.advance_failed(lane, error, now, effects),
        }
        self.settle(now, effects);
    }

    fn advance_failed(&mut self, lane: u32, error: AdvanceError, now: Moment, effects: &mut Vec<Effect>) {
        let policy = self.policy.advance;
        let Some(state) = self.lanes.get_mut(lane) else { return };
        let Activity::Advancing(flight) = &mut state.activity else { return };
        flight.running = false;
        self.totals.advances_failed += 1;
        if error.fatal || flight.calls > policy.retries {
            let notice = Notice::AdvanceFailed(state.lane.clone(), flight.items.len(), error.what.clone());
            effects.push(Effect::Notice(notice));
            return self.end_for_advance(Failure::AdvanceFailed(error.what), now, effects);
        }
        let wait = policy.waits.full_wait(flight.calls).max(error.retry_after.unwrap_or_default());
        flight.again = Some(now.after(wait));
        effects.push(Effect::Notice(Notice::AdvanceRetry(state.lane.clone(), flight.calls)));
        self.timers.set(now.after(wait), Timer::Retry(lane));
    }

    /// `P7`: the group ends, other lanes are not drained, the failed batch is not repeated.
    fn end_for_advance(&mut self, failure: Failure, now: Moment, effects: &mut Vec<Effect>) {
        self.stop_poll(now, effects);
        self.fail_everyone(&failure);
        self.abandon_advances(effects);
        if self.phase == Phase::Draining {
            self.close(effects);
        }
    }

    pub(super) fn abandon_advances(&mut self, effects: &mut Vec<Effect>) {
        self.lanes.abandon();
        self.advancing.again.clear();
        self.advancing.flights = 0;
        effects.extend(self.advancing.running.drain().map(|(batch, _)| Effect::AbandonAdvance { batch }));
    }

    /// Gives up calls that take too long; they count as failed (`X4`).
    pub(super) fn advance_overdue(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        self.advancing.deadline_set = false;
        let overdue = |group: &Self, lane: u32| match &group.lanes.get(lane)?.activity {
            Activity::Advancing(flight) => flight.overdue.filter(|_| flight.running),
            _ => None,
        };
        let running: Vec<(BatchId, u32)> = self.advancing.running.iter().map(|(batch, lane)| (*batch, *lane)).collect();
        for (batch, lane) in running {
            if overdue(self, lane).is_some_and(|at| at <= now) && self.advancing.running.remove(&batch).is_some() {
                effects.push(Effect::AbandonAdvance { batch });
                let error = AdvanceError { what: "no answer in time".into(), fatal: false, retry_after: None };
                self.advance_failed(lane, error, now, effects);
            }
        }
        let next = self.advancing.running.values().filter_map(|lane| overdue(self, *lane)).min();
        if let Some(next) = next {
            self.advancing.deadline_set = true;
            self.timers.set(next, Timer::Advance);
        }
    }
}
