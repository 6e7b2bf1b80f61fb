//! Resolving one subscriber's part in one raw event.
//!
//! Owns the counting. Invariants (`O1`): the first resolution wins, whatever comes after it changes nothing; with a
//! resolution go the sequence numbers that waited for it (`B5`).

use super::Group;
use super::held::Held;
use crate::ids::EventId;
use crate::outcome::{FailedBy, Failure, Resolution};
use crate::policy::{Binding, OnFailed};
use crate::slots::Queue;

impl Group {
    /// Resolves it; the lane becomes ready if its head waited for nothing else (`A1`, `P4`).
    pub(super) fn resolve(&mut self, slot: u32, id: EventId, resolution: Resolution) {
        let Some(entry) = self.entries.get_mut(id) else { return };
        if !entry.pending.remove(slot) {
            return;
        }
        entry.left -= 1;
        entry.outcome.count(resolution);
        match resolution {
            Resolution::Acked => {}
            Resolution::Rejected => self.totals.rejected += 1,
            Resolution::Failed(by) => self.totals.failed(by),
        }
        let (left, lane) = (entry.left, entry.lane);
        if let Resolution::Failed(by) = resolution
            && matches!(self.policy.on_failed, OnFailed::Hold { .. })
        {
            let trigger = self.slots.at(slot).trigger;
            let since = self.clock;
            self.held.entry(id).or_insert_with(|| Held { failed: Vec::new(), since }).failed.push((trigger, by));
        }
        if left == 0 {
            self.lanes.resolved(lane, id);
        }
    }

    /// Resolves it other than by storage: what waited for confirmation is forgotten (`B5`, `R5`).
    pub(super) fn resolve_at_once(&mut self, slot: u32, id: EventId, resolution: Resolution) {
        self.unstored.forget(slot, id);
        self.resolve(slot, id, resolution);
    }

    /// Nothing more can be bound to this event: acked now, or when the last confirmation arrives (`W3`, `U1`, `U2`).
    pub(super) fn close_event(&mut self, slot: u32, id: EventId) {
        if self.unstored.close(slot, id) {
            self.resolve(slot, id, Resolution::Acked);
        }
    }

    /// Fails a subscriber for good: in everything it owes, older and younger (`Q3`, `K2`). It gets nothing more until
    /// it has left.
    pub(super) fn fail_subscriber(&mut self, slot: u32, failure: Failure, by: FailedBy) {
        self.slots.at_mut(slot).failed = true;
        self.resolve_undelivered(slot, Resolution::Failed(by));
        self.slots.not_live(slot);
        self.resolve_delivered(slot, by);
        self.put_failure(slot, failure);
    }

    /// Fails what a subscriber holds or has answered (`Q4`). Its window stays where it is. Where a verdict binds, what
    /// was answered with trigger events is waited for all the same: that they are stored is no longer the subscriber's
    /// business.
    pub(super) fn resolve_delivered(&mut self, slot: u32, by: FailedBy) {
        let open = self.slots.at(slot).open.as_ref().map(|open| open.batch.clone()).unwrap_or_default();
        for event in open.iter() {
            self.resolve_at_once(slot, event.id, Resolution::Failed(by));
        }
        match self.policy.binding {
            Binding::Verdict => self.resolve_held_back(slot, Resolution::Failed(by)),
            Binding::Window => {
                for id in self.unstored.forget_all(slot) {
                    self.resolve(slot, id, Resolution::Failed(by));
                }
            }
        }
    }

    /// Resolves what a subscriber was never given (`U3`), and gives it nothing more.
    pub(super) fn resolve_undelivered(&mut self, slot: u32, resolution: Resolution) {
        let again = std::mem::take(&mut self.slots.at_mut(slot).again);
        for id in again {
            self.resolve(slot, id, resolution);
        }
        match self.close_queue(slot) {
            Queue::Everything(next) => {
                for id in next.0..self.ring.head().0 {
                    self.resolve(slot, EventId(id), resolution);
                }
            }
            Queue::Selected(queue) => {
                for id in queue {
                    self.resolve(slot, id, resolution);
                }
            }
            Queue::Closed => {}
        }
    }

    /// Takes a subscriber's queue away and returns it. Resolves nothing.
    pub(super) fn close_queue(&mut self, slot: u32) -> Queue {
        let queue = std::mem::replace(&mut self.slots.at_mut(slot).queue, Queue::Closed);
        match &queue {
            Queue::Everything(next) => {
                let at = self.ring.slowest().map_or(*next, |floor| floor.max(*next));
                self.ring.leave(at);
            }
            Queue::Selected(selected) => {
                self.index.remove(slot);
                if selected.len() >= self.policy.queue {
                    self.full -= 1;
                }
                for id in selected {
                    self.ring.release(*id);
                }
            }
            Queue::Closed => {}
        }
        queue
    }
}
