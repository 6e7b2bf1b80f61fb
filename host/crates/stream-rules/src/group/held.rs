//! Raw events that a subscriber failed, at the head of their lane.
//!
//! Owns what happens to them when the lane does not simply go past (`P2`): hold offers them again to those who failed
//! them, rewind asks the producer to read the lane again. Invariants: the lane never goes past such an event before its
//! attempts are used up, and always does after; a lane that is read again goes on with the very event it was set back
//! to, whatever order reads and the rewind's answer come in.

use trigger_host_types::TriggerId;

use super::Group;
use crate::effect::{Effect, Notice, PollEnd, Raw};
use crate::ids::{EventId, Lane, Moment};
use crate::lanes::{Activity, Rewinding};
use crate::outcome::FailedBy;
use crate::policy::OnFailed;
use crate::timers::Timer;

/// Who failed a raw event, and when that began.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) failed: Vec<(TriggerId, FailedBy)>,
    pub(super) since: Moment,
}

impl Group {
    /// Whether a failed head keeps its lane.
    pub(super) fn keeps(&self, id: EventId, lane: u32, now: Moment) -> bool {
        match self.policy.on_failed {
            OnFailed::Pass => false,
            // What a subscriber failed at once by leaving is passed at once too, not one by one.
            OnFailed::Hold { attempts, at_most, .. } => {
                let untried = self.entries.get(id).is_some_and(|entry| entry.offers < attempts);
                untried && !self.waited_enough(id, at_most, now)
            }
            OnFailed::Rewind { attempts } => self.lanes.get(lane).is_some_and(|lane| lane.rewinds < attempts),
        }
    }

    /// Keeps the lane at a failed head where the policy says so: true when it is kept.
    pub(super) fn keep(&mut self, id: EventId, lane: u32, now: Moment, effects: &mut Vec<Effect>) -> bool {
        if !self.keeps(id, lane, now) {
            if self.policy.on_failed != OnFailed::Pass {
                self.pass(id, lane, effects);
            }
            return false;
        }
        match self.policy.on_failed {
            OnFailed::Pass => false,
            OnFailed::Hold { wait, .. } => {
                if let Some(state) = self.lanes.get_mut(lane) {
                    state.activity = Activity::Held;
                    effects.push(Effect::Notice(Notice::LaneHeld(state.lane.clone(), id)));
                }
                self.timers.set(now.after(wait), Timer::Offer(id));
                true
            }
            OnFailed::Rewind { .. } => {
                self.rewind(id, lane, effects);
                true
            }
        }
    }

    /// Whether those who failed an event are away and have had their time to return.
    fn waited_enough(&self, id: EventId, at_most: std::time::Duration, now: Moment) -> bool {
        let Some(held) = self.held.get(&id) else { return true };
        let here = |(trigger, _): &(TriggerId, FailedBy)| {
            self.slots.joined_at(*trigger).is_some_and(|slot| self.slots.live.contains(slot))
        };
        held.since.after(at_most) <= now && !held.failed.iter().any(here)
    }

    fn pass(&mut self, id: EventId, lane: u32, effects: &mut Vec<Effect>) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.pass = true;
        }
        if let Some(state) = self.lanes.get(lane) {
            effects.push(Effect::Notice(Notice::LanePassed(state.lane.clone(), id)));
        }
    }

    /// Offers a failed event to those who failed it and are here, or here again.
    pub(super) fn offer_again(&mut self, id: EventId, now: Moment, effects: &mut Vec<Effect>) {
        let OnFailed::Hold { attempts, wait, at_most } = self.policy.on_failed else { return };
        let Some(lane) = self.entries.get(id).map(|entry| entry.lane) else { return };
        if !self.lanes.get(lane).is_some_and(|lane| matches!(lane.activity, Activity::Held)) {
            return;
        }
        let offered = self.take_back_lane(id, attempts);
        if offered.is_empty() && !self.waited_enough(id, at_most, now) {
            return self.timers.set(now.after(wait), Timer::Offer(id));
        }
        if let Some(state) = self.lanes.get_mut(lane) {
            state.activity = Activity::Idle;
        }
        if offered.is_empty() {
            self.pass(id, lane, effects);
            return self.lanes.resolved(lane, id);
        }
        for slot in offered {
            if self.slots.waiting.contains(slot) {
                self.hand_over(slot, now, effects);
            }
        }
    }

    /// Offers the head, and with it what was failed behind it, as much as a queue holds: a backlog comes back in one
    /// go.
    fn take_back_lane(&mut self, head: EventId, attempts: u32) -> Vec<u32> {
        let mut offered = self.take_back_failures(head);
        let mut next = self.entries.get(head).and_then(|entry| entry.next_in_lane);
        for _ in 1..self.policy.queue {
            let Some((id, entry)) =
                next.filter(|_| !offered.is_empty()).and_then(|id| Some((id, self.entries.get(id)?)))
            else {
                break;
            };
            next = entry.next_in_lane;
            if entry.left == 0 && entry.offers < attempts {
                offered.extend(self.take_back_failures(id));
            }
        }
        offered
    }

    fn take_back_failures(&mut self, id: EventId) -> Vec<u32> {
        let mut offered = Vec::new();
        let (Some(held), Some(entry)) = (self.held.get_mut(&id), self.entries.get_mut(id)) else { return offered };
        held.failed.retain(|(trigger, by)| {
            let here = self.slots.joined_at(*trigger).filter(|slot| self.slots.live.contains(*slot));
            let Some(slot) = here.filter(|slot| entry.pending.insert(*slot)) else { return true };
            entry.left += 1;
            entry.outcome.take_back(*by);
            self.slots.at_mut(slot).again.push_back(id);
            offered.push(slot);
            false
        });
        if !offered.is_empty() {
            entry.offers += 1;
        }
        offered
    }

    /// Forgets the lane from this event on and asks for it again.
    fn rewind(&mut self, id: EventId, lane: u32, effects: &mut Vec<Effect>) {
        let head = self.entries.get(id);
        let since = head.map(|entry| entry.read).unwrap_or_default();
        let payload = head.map(|entry| entry.payload.clone()).unwrap_or_default();
        let mut next = Some(id);
        while let Some(id) = next {
            let Some(entry) = self.entries.remove(id) else { break };
            for slot in entry.pending.iter() {
                self.unstored.forget(slot, id);
                self.free_if_settled(slot);
            }
            next = entry.next_in_lane;
        }
        self.lanes.clear(lane);
        if let Some(state) = self.lanes.get_mut(lane) {
            state.activity = Activity::Rewinding(Rewinding { payload: payload.clone(), from: None, left_out: false });
            state.since = since;
            state.rewinds += 1;
            state.asked += 1;
            effects.push(Effect::Rewind { lane: state.lane.clone(), payload });
        }
    }

    /// The producer has set this lane back: every read that begins from now on gives what comes after that. A read that
    /// is under way may give what was read before the rewind, or what comes after it.
    pub fn rewound(&mut self, lane: &Lane, now: Moment, effects: &mut Vec<Effect>) {
        let Some(at) = self.lanes.find(lane) else { return };
        if let Some(state) = self.lanes.get_mut(at) {
            state.asked = state.asked.saturating_sub(1);
            if let Activity::Rewinding(rewinding) = &mut state.activity
                && state.asked == 0
            {
                rewinding.from = Some(self.life.reads() + 1);
            }
            self.lanes.settle(at, &self.entries);
        }
        self.settle(now, effects);
    }

    /// Whether an event of this lane is to be taken. While the lane is being set back, the answers of the rewind and of
    /// the reads cross, so only the payload tells what was read before from what is read again.
    ///
    /// # Errors
    /// The lane was not read again from where it was asked to, and what was left out may have been part of it.
    pub(super) fn takes(&mut self, at: u32, raw: &Raw) -> Result<bool, PollEnd> {
        let Some(state) = self.lanes.get_mut(at) else { return Ok(true) };
        let Activity::Rewinding(rewinding) = &mut state.activity else { return Ok(true) };
        if raw.payload != rewinding.payload {
            if rewinding.from.is_none_or(|from| self.life.reads() < from) {
                rewinding.left_out = true;
                return Ok(false);
            }
            if rewinding.left_out {
                return Err(PollEnd::Failed("a lane was not read again from the raw event it was set back to".into()));
            }
        }
        state.activity = Activity::Idle;
        Ok(true)
    }
}
