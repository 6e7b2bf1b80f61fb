//! Joining, asking for raw events, and being given them.
//!
//! Owns what a subscriber sees of the stream: first everything that was read since it joined, in order, then perhaps
//! one failure, then nothing (`T3`). Invariant: a subscriber has at most one batch in hand.

use std::collections::VecDeque;

use matching::Match;
use trigger_host_types::TriggerId;

use super::Group;
use crate::effect::{Batch, Delivery, Effect, Notice};
use crate::ids::{EventId, Moment, SubscriptionId};
use crate::outcome::Failure;
use crate::policy::{AckClock, Binding, Identity, Mode, OnFailed};
use crate::slots::{Open, Queue};

/// Batches that are remembered for others: as many as a queue of the usual length has.
const MOST_SHARED: usize = 4;

/// What subscribers are being given.
#[derive(Debug, Default)]
pub(super) struct Handing {
    /// Waiting subscribers that learn at the end of the command that they failed.
    failing: Vec<u32>,
    /// The last batches that were made for subscribers that take everything, newest last.
    shared: VecDeque<Batch>,
}

/// Why a trigger cannot join.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// It has joined and not left (`G4`).
    #[error("trigger {0} is already subscribed to this stream")]
    AlreadySubscribed(TriggerId),
    /// The group takes no subscribers any more: make a new one (`L3`).
    #[error("this group has ended")]
    Over,
}

/// Why raw events cannot be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PullError {
    /// It has left.
    #[error("this subscription has ended")]
    Gone,
    /// The last batch has no verdicts yet.
    #[error("give the verdicts for the last batch first")]
    VerdictsMissing,
}

impl Group {
    /// A trigger joins: it gets what is read from now on (`S1`), all of it or what `wanted` selects.
    ///
    /// # Errors
    /// It is subscribed already, or the group is over.
    pub fn join(
        &mut self,
        trigger: TriggerId,
        wanted: Match,
        now: Moment,
        effects: &mut Vec<Effect>,
    ) -> Result<SubscriptionId, JoinError> {
        if self.evicted {
            return Err(JoinError::Over);
        }
        if self.slots.joined_at(trigger).is_some() {
            return Err(JoinError::AlreadySubscribed(trigger));
        }
        let everything = wanted.is_everything();
        let queue = if everything { Queue::Everything(self.ring.join()) } else { Queue::Selected(Default::default()) };
        let subscription = self.slots.join(trigger, queue, self.policy.identity == Identity::Trigger);
        if !everything {
            self.index.insert(subscription.slot, wanted);
        }
        self.lingering = false;
        self.not_coming(trigger, effects);
        self.settle(now, effects);
        Ok(subscription)
    }

    /// A subscriber asks for at most `max` raw events; it is given them now or when there are some (`W2`).
    ///
    /// # Errors
    /// It has left, or owes verdicts.
    pub fn pull(
        &mut self,
        subscription: SubscriptionId,
        max: usize,
        now: Moment,
        effects: &mut Vec<Effect>,
    ) -> Result<(), PullError> {
        let slot = self.slots.find(subscription).ok_or(PullError::Gone)?;
        match self.policy.binding {
            Binding::Window => self.close_window(slot),
            Binding::Verdict if self.slots.at(slot).open.is_some() => return Err(PullError::VerdictsMissing),
            Binding::Verdict => {}
        }
        let state = self.slots.at_mut(slot);
        if state.exhausted {
            effects.push(Effect::Exhausted { to: subscription });
        } else if let Some(failure) = state.failure.take() {
            state.exhausted = true;
            effects.push(Effect::Fail { to: subscription, failure });
        } else {
            state.asked = max.max(1);
            self.slots.waiting.insert(slot);
            self.hand_over(slot, now, effects);
        }
        self.settle(now, effects);
        Ok(())
    }

    /// Ends a subscriber's stream: at the end of this command if it waits, else when it next asks. A later failure
    /// replaces an earlier one that it has not seen (`Q6`).
    pub(super) fn put_failure(&mut self, slot: u32, failure: Failure) {
        let state = self.slots.at_mut(slot);
        if !state.exhausted {
            state.failure = Some(failure);
            if self.slots.waiting.contains(slot) {
                self.handing.failing.push(slot);
            }
        }
    }

    /// Lets waiting subscribers know that their stream has failed.
    pub(super) fn tell_failures(&mut self, effects: &mut Vec<Effect>) {
        while let Some(slot) = self.handing.failing.pop() {
            if !self.slots.waiting.remove(slot) {
                continue;
            }
            let to = self.slots.id(slot);
            let state = self.slots.at_mut(slot);
            if let Some(failure) = state.failure.take() {
                state.exhausted = true;
                effects.push(Effect::Fail { to, failure });
            }
        }
    }

    /// Gives a subscriber that waits what there is for it, if anything.
    pub(super) fn hand_over(&mut self, slot: u32, now: Moment, effects: &mut Vec<Effect>) {
        let again = !self.slots.at(slot).again.is_empty();
        let batch = loop {
            match self.take(slot, effects) {
                None => return,
                Some(batch) if batch.is_empty() => {} // All of it was rewound.
                Some(batch) => break batch,
            }
        };
        self.slots.waiting.remove(slot);
        if self.mode == Mode::Ack {
            self.slots.at_mut(slot).open = Some(Open { batch: batch.clone(), handed: now });
            // An event that is offered again was read too long ago for the other clock.
            if again || matches!(self.policy.ack_clock, AckClock::HandOver { .. }) {
                self.watch_since_hand_over(slot);
            }
        }
        effects.push(Effect::HandOver { to: self.slots.id(slot), batch });
    }

    fn take(&mut self, slot: u32, effects: &mut Vec<Effect>) -> Option<Batch> {
        let max = self.slots.at(slot).asked;
        if !self.slots.at(slot).again.is_empty() {
            return Some(self.take_again(slot, max));
        }
        match &self.slots.at(slot).queue {
            Queue::Everything(next) => self.take_everything(slot, *next, max, effects),
            Queue::Selected(queue) if queue.is_empty() => None,
            Queue::Selected(_) => Some(self.take_selected(slot, max)),
            Queue::Closed => None,
        }
    }

    fn take_everything(&mut self, slot: u32, next: EventId, max: usize, effects: &mut Vec<Effect>) -> Option<Batch> {
        // Where the oldest are dropped, the cursor may stand before what is left.
        let from = match self.ring.slowest() {
            Some(floor) if floor > next => floor,
            _ => next,
        };
        if from > next {
            effects.push(Effect::Notice(Notice::Dropped(self.slots.at(slot).trigger, from.0 - next.0)));
        }
        let there = usize::try_from(self.ring.head().0 - from.0).unwrap_or(usize::MAX).min(max);
        if there == 0 {
            return None;
        }
        let batch = self.batch_of(from, there);
        let to = EventId(from.0 + there as u64);
        self.ring.advance(from, to);
        self.slots.at_mut(slot).queue = Queue::Everything(to);
        if self.ring.len() == 0 {
            self.handing.shared.clear(); // Taken by the last one.
        }
        Some(self.without_rewound(batch))
    }

    /// The batch of `count` raw events from there on: the one that another subscriber was given, if there is one.
    fn batch_of(&mut self, from: EventId, count: usize) -> Batch {
        let alike = |batch: &&Batch| batch.len() == count && batch.first().is_some_and(|first| first.id == from);
        if let Some(batch) = self.handing.shared.iter().rev().find(alike) {
            return batch.clone();
        }
        let batch: Batch = self.ring.from(from).take(count).cloned().collect();
        if self.handing.shared.len() == MOST_SHARED {
            self.handing.shared.pop_front();
        }
        self.handing.shared.push_back(batch.clone());
        batch
    }

    fn take_selected(&mut self, slot: u32, max: usize) -> Batch {
        let Queue::Selected(queue) = &mut self.slots.at_mut(slot).queue else { return Batch::default() };
        let was_full = queue.len() >= self.policy.queue;
        let taken: Vec<EventId> = queue.drain(..queue.len().min(max)).collect();
        if was_full && queue.len() < self.policy.queue {
            self.full -= 1;
        }
        let batch: Batch = taken.iter().filter_map(|id| self.ring.get(*id).cloned()).collect();
        for id in taken {
            self.ring.release(id);
        }
        self.without_rewound(batch)
    }

    /// Raw events that were failed and are offered again go first.
    fn take_again(&mut self, slot: u32, max: usize) -> Batch {
        let again = &mut self.slots.at_mut(slot).again;
        let taken: Vec<EventId> = again.drain(..again.len().min(max)).collect();
        let owed = taken.into_iter().filter_map(|id| {
            let entry = self.entries.get(id).filter(|entry| entry.pending.contains(slot))?;
            Some(Delivery { id, data: entry.data.clone() })
        });
        owed.collect()
    }

    /// Events of a lane that was rewound come again under new numbers: the old ones are not worth a call.
    fn without_rewound(&self, batch: Batch) -> Batch {
        let rewinds = self.mode == Mode::Ack && matches!(self.policy.on_failed, OnFailed::Rewind { .. });
        if rewinds && batch.iter().any(|event| self.entries.get(event.id).is_none()) {
            return batch.iter().filter(|event| self.entries.get(event.id).is_some()).cloned().collect();
        }
        batch
    }
}
