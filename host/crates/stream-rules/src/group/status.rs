//! A snapshot of a group.
//!
//! Owns how a snapshot is taken. It may look at every subscriber and every lane, which commands may not, but at each
//! only once. Invariant: nothing changes by being looked at.

use std::collections::BinaryHeap;
use std::time::Duration;

use super::{Group, Phase};
use crate::ids::Moment;
use crate::lanes::{Activity, LaneState};
use crate::slots::{Queue, Slot};
use crate::status::{LANES, LaneStatus, NAMES, SUBSCRIBERS, State, Status, SubscriberStatus, Wait};

impl Group {
    /// What an operator sees of it.
    pub fn status(&self, now: Moment) -> Status {
        let mut subscribers = self.subscriber_statuses();
        let lag = subscribers.iter().map(|of| of.queued).max().unwrap_or_default();
        subscribers.truncate(SUBSCRIBERS);
        let lanes = self.lane_statuses(now);
        Status {
            mode: self.mode,
            state: self.state(),
            paused: self.is_paused(),
            reading: self.life.is_reading(),
            last_read: self.life.last_read().map(|at| now.since(at)),
            counts: self.counts(),
            totals: self.totals,
            lag,
            oldest: lanes.first().map(|lane| lane.age),
            subscribers,
            lanes,
        }
    }

    fn state(&self) -> State {
        match self.phase {
            Phase::Ended => State::Ended,
            Phase::Closing => State::Closing,
            Phase::Draining => State::Draining,
            Phase::Grace | Phase::Opening | Phase::Reading if self.lingering => State::Lingering,
            Phase::Grace | Phase::Opening | Phase::Reading if self.is_paused() => State::Paused,
            Phase::Grace => State::Grace,
            Phase::Opening => State::Opening,
            Phase::Reading if !self.policy.read_for_nobody && self.slots.live.is_empty() => State::Idle,
            Phase::Reading if self.policy.max_outstanding.is_some_and(|most| self.entries.len() >= most) => State::Full,
            Phase::Reading if self.blocks() && self.is_behind() => State::Blocked,
            Phase::Reading => State::Reading,
        }
    }

    fn is_behind(&self) -> bool {
        self.slots.live.iter().any(|slot| self.queued(self.slots.at(slot)) >= self.policy.queue)
    }

    /// Raw events that have still to be given to a subscriber for the first time.
    fn queued(&self, slot: &Slot) -> usize {
        match &slot.queue {
            Queue::Everything(next) => {
                let from = self.ring.floor().max(*next);
                usize::try_from(self.ring.head().0.saturating_sub(from.0)).unwrap_or(usize::MAX)
            }
            Queue::Selected(queue) => queue.len(),
            Queue::Closed => 0,
        }
    }

    /// All subscribers: the failed, then those that are furthest behind.
    fn subscriber_statuses(&self) -> Vec<SubscriberStatus> {
        let of = |slot| self.subscriber_status(slot);
        let mut all: Vec<SubscriberStatus> = self.slots.joined().into_iter().map(of).collect();
        all.sort_by_key(|of| (!of.failed, std::cmp::Reverse(of.queued), of.trigger));
        all
    }

    fn subscriber_status(&self, at: u32) -> SubscriberStatus {
        let slot = self.slots.at(at);
        SubscriberStatus {
            trigger: slot.trigger,
            queued: self.queued(slot).saturating_add(slot.again.len()),
            in_hand: slot.open.as_ref().map_or(0, |open| open.batch.len()),
            unsettled: self.unstored.events(at),
            failed: slot.failed,
        }
    }

    /// The lanes that have waited longest, oldest first.
    fn lane_statuses(&self, now: Moment) -> Vec<LaneStatus> {
        let mut oldest = BinaryHeap::with_capacity(LANES + 1);
        for (at, lane) in self.lanes.iter() {
            if let Some(since) = self.oldest_of(lane) {
                oldest.push((since, at));
                if oldest.len() > LANES {
                    oldest.pop();
                }
            }
        }
        let status = |(since, at): (Moment, u32)| {
            let lane = self.lanes.get(at)?;
            let (head, age) = (lane.head, now.since(since));
            Some(LaneStatus { lane: lane.lane.clone(), head, age, waits_for: self.waits_for(lane, now) })
        };
        oldest.into_sorted_vec().into_iter().filter_map(status).collect()
    }

    fn oldest_of(&self, lane: &LaneState) -> Option<Moment> {
        match &lane.activity {
            Activity::Advancing(_) => Some(lane.since),
            // Nothing of it is held once the producer has answered.
            Activity::Rewinding(of) => of.from.is_none().then_some(lane.since),
            Activity::Idle | Activity::Held => self.entries.get(lane.head?).map(|entry| entry.read),
        }
    }

    fn waits_for(&self, lane: &LaneState, now: Moment) -> Wait {
        match &lane.activity {
            Activity::Advancing(flight) if flight.running => {
                Wait::Advance { items: flight.items.len(), call: flight.calls }
            }
            Activity::Advancing(flight) => {
                let wait = flight.again.map_or(Duration::ZERO, |at| at.since(now));
                Wait::Retry { items: flight.items.len(), calls: flight.calls, wait }
            }
            Activity::Rewinding(_) => Wait::Rewind,
            Activity::Held => {
                let failed =
                    lane.head.and_then(|id| self.held.get(&id)).map(|held| &held.failed[..]).unwrap_or_default();
                let names = failed.iter().map(|(trigger, _)| *trigger).take(NAMES);
                Wait::Held { failed: names.collect(), failed_total: failed.len() }
            }
            Activity::Idle => self.waits_for_subscribers(lane),
        }
    }

    fn waits_for_subscribers(&self, lane: &LaneState) -> Wait {
        let found = lane.head.and_then(|id| Some((id, self.entries.get(id)?)));
        let Some((id, entry)) = found.filter(|(_, entry)| entry.left > 0) else { return Wait::Turn };
        let (mut undecided, mut undecided_total, mut unstored) = (Vec::new(), 0, 0);
        for slot in entry.pending.iter() {
            match self.unstored.waited_for(slot, id) {
                Some(numbers) => unstored += numbers,
                None => {
                    undecided_total += 1;
                    if undecided.len() < NAMES {
                        undecided.push(self.slots.at(slot).trigger);
                    }
                }
            }
        }
        Wait::Subscribers { undecided, undecided_total, unstored }
    }
}
