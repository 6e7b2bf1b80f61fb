//! Raw events that somebody failed, at the head of their lane.
//!
//! Owns what happens to them when the lane does not simply go past (`P2`): hold offers them again to those who failed them, rewind asks the
//! producer to read the lane again. Invariant: the lane never goes past such an event before its attempts are used up, and always does after.

use trigger_host_types::TriggerId;

use super::Group;
use crate::effect::{Effect, Notice};
use crate::ids::{EventId, Lane, Moment};
use crate::lanes::Activity;
use crate::outcome::FailedBy;
use crate::policy::OnFailed;
use crate::timers::Timer;

/// Who failed a raw event, and since when its lane stands still.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) failed: Vec<(TriggerId, FailedBy)>,
    since: Option<Moment>,
}

impl Group {
    /// Whether a failed head keeps its lane.
    pub(super) fn keeps(&self, id: EventId, lane: u32) -> bool {
        match self.policy.on_failed {
            OnFailed::Pass => false,
            OnFailed::Hold { attempts, .. } => self.entries.get(id).is_some_and(|entry| entry.offers < attempts),
            OnFailed::Rewind { attempts } => self.lanes.get(lane).is_some_and(|lane| lane.rewinds < attempts),
        }
    }

    /// Keeps the lane at a failed head, if it is to be kept: true when it is.
    pub(super) fn keep(&mut self, id: EventId, lane: u32, now: Moment, effects: &mut Vec<Effect>) -> bool {
        if !self.keeps(id, lane) {
            if self.policy.on_failed != OnFailed::Pass {
                self.pass(id, lane, effects);
            }
            return false;
        }
        match self.policy.on_failed {
            OnFailed::Pass => false,
            OnFailed::Hold { wait, .. } => {
                let since = *self.held.entry(id).or_default().since.get_or_insert(now);
                if let Some(state) = self.lanes.get_mut(lane) {
                    state.activity = Activity::Held;
                    if since == now {
                        effects.push(Effect::Notice(Notice::LaneHeld(state.lane.clone(), id)));
                    }
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

    fn pass(&mut self, id: EventId, lane: u32, effects: &mut Vec<Effect>) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.pass = true;
        }
        if let Some(state) = self.lanes.get(lane) {
            effects.push(Effect::Notice(Notice::LanePassed(state.lane.clone(), id)));
        }
    }

    /// Offers a failed event to those who failed it and are here (again).
    pub(super) fn offer_again(&mut self, id: EventId, now: Moment, effects: &mut Vec<Effect>) {
        let OnFailed::Hold { wait, at_most, .. } = self.policy.on_failed else { return };
        let Some(lane) = self.entries.get(id).map(|entry| entry.lane) else { return };
        if !self.lanes.get(lane).is_some_and(|lane| matches!(lane.activity, Activity::Held)) {
            return;
        }
        let offered = self.take_back_failures(id);
        let since = self.held.get(&id).and_then(|held| held.since).unwrap_or(now);
        if offered.is_empty() && since.after(at_most) > now {
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
        let payload = self.entries.get(id).map(|entry| entry.payload.clone()).unwrap_or_default();
        let mut next = Some(id);
        while let Some(id) = next {
            let Some(entry) = self.entries.remove(id) else { break };
            for slot in entry.pending.iter() {
                let awaiting = self.slots.at_mut(slot).awaiting.remove(&id);
                for seq in awaiting.into_iter().flat_map(|awaiting| awaiting.seqs) {
                    self.bindings.forget(seq, id);
                }
                self.slots.free_if_settled(slot);
            }
            next = entry.next_in_lane;
        }
        self.lanes.clear(lane);
        if let Some(state) = self.lanes.get_mut(lane) {
            state.activity = Activity::Rewinding;
            state.rewinds += 1;
            effects.push(Effect::Rewind { lane: state.lane.clone(), payload });
        }
    }

    /// The source reads this lane again from where it was asked to.
    pub fn rewound(&mut self, lane: &Lane, now: Moment, effects: &mut Vec<Effect>) {
        let Some(at) = self.lanes.find(lane) else { return };
        if let Some(state) = self.lanes.get_mut(at)
            && matches!(state.activity, Activity::Rewinding)
        {
            state.activity = Activity::Idle;
            self.lanes.settle(at, &self.entries);
        }
        self.settle(now, effects);
    }
}
