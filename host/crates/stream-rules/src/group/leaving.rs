//! Leaving a group, and what becomes of it.
//!
//! Owns the rules `U1` to `U4` and the end of the last subscriber (`L2`). Invariant: a leaver is never waited for
//! longer than its unconfirmed trigger events are; where a verdict binds, it never acknowledges what it gave no verdict
//! on.

use super::Group;
use crate::effect::Effect;
use crate::ids::{Moment, SubscriptionId};
use crate::outcome::{FailedBy, Resolution};
use crate::policy::{Binding, Mode};

impl Group {
    /// A subscriber leaves, whatever the reason (`U4`). Nothing happens if it is unknown here or the group is over
    /// (`L1`, `L5`).
    pub fn leave(&mut self, subscription: SubscriptionId, now: Moment, effects: &mut Vec<Effect>) {
        self.clock = now;
        let Some(slot) = self.slots.find(subscription).filter(|_| !self.evicted) else { return };
        self.resolve_undelivered(slot, Resolution::Failed(FailedBy::NeverDelivered));
        match self.policy.binding {
            Binding::Window => self.close_window(slot),
            Binding::Verdict => self.leave_without_verdict(slot, Resolution::Failed(FailedBy::Left)),
        }
        if !self.slots.at(slot).failed {
            self.wait_for(subscription.trigger(), now);
        }
        self.left(slot, now, effects);
    }

    /// A subscriber leaves because it has what it waited for: what it did not answer no longer concerns it, and counts
    /// as skipped. By Airflow's rules it leaves like any other.
    pub fn finish(&mut self, subscription: SubscriptionId, now: Moment, effects: &mut Vec<Effect>) {
        if self.policy.binding == Binding::Window {
            return self.leave(subscription, now, effects);
        }
        self.clock = now;
        let Some(slot) = self.slots.find(subscription).filter(|_| !self.evicted) else { return };
        self.resolve_undelivered(slot, Resolution::Acked);
        self.leave_without_verdict(slot, Resolution::Acked);
        self.left(slot, now, effects);
    }

    fn left(&mut self, slot: u32, now: Moment, effects: &mut Vec<Effect>) {
        self.slots.leave(slot);
        self.free_if_settled(slot);
        if self.slots.joined_count() == 0 {
            let owes = self.mode == Mode::Ack && !self.slots.owing.is_empty();
            if self.policy.linger && owes {
                self.lingering = true;
            } else {
                self.stop_poll(now, effects);
            }
        }
        self.settle(now, effects);
    }

    /// Resolves what is in the filter's hands or held back by it; what it answered still waits for storage (`U1`).
    fn leave_without_verdict(&mut self, slot: u32, resolution: Resolution) {
        let open = self.slots.at_mut(slot).open.take();
        for event in open.iter().flat_map(|open| open.batch.iter()) {
            self.resolve_at_once(slot, event.id, resolution);
        }
        self.resolve_held_back(slot, resolution);
    }

    /// Frees the place of a subscriber that left, once nothing waits for it.
    pub(super) fn free_if_settled(&mut self, slot: u32) {
        if self.unstored.is_settled(slot) {
            self.slots.free(slot);
        }
    }

    /// Resolves what a filter kept open for a later verdict.
    pub(super) fn resolve_held_back(&mut self, slot: u32, resolution: Resolution) {
        for id in self.unstored.held_back(slot) {
            self.resolve_at_once(slot, id, resolution);
        }
    }
}
