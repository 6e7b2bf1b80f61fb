//! The subscribers of one group: a numbered place for each.
//!
//! Owns what is known about one subscription: what waits for it and what it holds. Invariant: a place is given to
//! somebody else only when its subscription has left and nothing outstanding waits for it.

use std::collections::{HashMap, VecDeque};

use trigger_host_types::TriggerId;

use crate::effect::Batch;
use crate::ids::{EventId, Moment, SubscriptionId};
use crate::outcome::Failure;
use crate::slot_set::SlotSet;

/// Raw events that a subscription has still to be given.
#[derive(Debug)]
pub(crate) enum Queue {
    /// Everything from here on.
    Everything(EventId),
    /// What was selected for it.
    Selected(VecDeque<EventId>),
    /// Nothing: it is given no more.
    Closed,
}

/// Raw events that a filter is working on.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) batch: Batch,
    pub(crate) handed: Moment,
}

/// One place.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) trigger: TriggerId,
    pub(crate) generation: u64,
    pub(crate) joined: bool,
    /// Failed, and not yet left (`Q3`).
    pub(crate) failed: bool,
    pub(crate) queue: Queue,
    /// Failed raw events that are offered again; they go before the queue.
    pub(crate) again: VecDeque<EventId>,
    pub(crate) open: Option<Open>,
    /// Why it failed, until the subscriber has seen it.
    pub(crate) failure: Option<Failure>,
    /// It has seen its failure.
    pub(crate) exhausted: bool,
    /// How many it asked for, while it waits.
    pub(crate) asked: usize,
    /// Whether a deadline is set for what it holds.
    pub(crate) timed: bool,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    slab: Vec<Slot>,
    free: Vec<u32>,
    by_trigger: HashMap<TriggerId, u32>,
    generations: u64,
    joined: usize,
    /// Subscribed and not failed.
    pub(crate) live: SlotSet,
    /// Those of them that take everything.
    pub(crate) everything: SlotSet,
    /// Those that asked for raw events and have none.
    pub(crate) waiting: SlotSet,
    /// Left, with something outstanding.
    pub(crate) owing: SlotSet,
}

impl Slots {
    /// The place where this trigger is subscribed.
    pub(crate) fn joined_at(&self, trigger: TriggerId) -> Option<u32> {
        self.by_trigger.get(&trigger).copied().filter(|slot| self.slab[*slot as usize].joined)
    }

    /// A place for a trigger that is not subscribed; with `reuse` the one it had before, if something there is
    /// outstanding (`K4`).
    pub(crate) fn join(&mut self, trigger: TriggerId, queue: Queue, reuse: bool) -> SubscriptionId {
        self.generations += 1;
        let generation = self.generations;
        let fresh = Slot {
            trigger,
            generation,
            joined: true,
            failed: false,
            queue,
            again: VecDeque::new(),
            open: None,
            failure: None,
            exhausted: false,
            asked: 0,
            timed: false,
        };
        let own = self.by_trigger.get(&trigger).copied().filter(|slot| reuse && self.owing.contains(*slot));
        let slot = match own.or_else(|| self.free.pop()) {
            Some(slot) => {
                self.slab[slot as usize] = fresh;
                slot
            }
            None => {
                self.slab.push(fresh);
                u32::try_from(self.slab.len() - 1).unwrap_or(u32::MAX)
            }
        };
        self.owing.remove(slot);
        self.by_trigger.insert(trigger, slot);
        self.joined += 1;
        self.live.insert(slot);
        if matches!(self.slab[slot as usize].queue, Queue::Everything(_)) {
            self.everything.insert(slot);
        }
        SubscriptionId { trigger, slot, generation }
    }

    /// The subscription is over; the place stays until [`Slots::free`].
    pub(crate) fn leave(&mut self, slot: u32) {
        let state = &mut self.slab[slot as usize];
        state.joined = false;
        state.failure = None;
        self.joined -= 1;
        self.not_live(slot);
        self.waiting.remove(slot);
        self.owing.insert(slot);
    }

    /// Frees the place of a subscriber that left: nothing waits for it any more.
    pub(crate) fn free(&mut self, slot: u32) {
        let state = &self.slab[slot as usize];
        if state.joined || !self.owing.remove(slot) {
            return;
        }
        if self.by_trigger.get(&state.trigger) == Some(&slot) {
            self.by_trigger.remove(&state.trigger);
        }
        self.free.push(slot);
    }

    /// No further raw events for this place.
    pub(crate) fn not_live(&mut self, slot: u32) {
        self.live.remove(slot);
        self.everything.remove(slot);
    }

    /// The place of a subscription, if it is still subscribed.
    pub(crate) fn find(&self, subscription: SubscriptionId) -> Option<u32> {
        let slot = self.slab.get(subscription.slot as usize)?;
        (slot.generation == subscription.generation && slot.joined).then_some(subscription.slot)
    }

    pub(crate) fn id(&self, slot: u32) -> SubscriptionId {
        let state = &self.slab[slot as usize];
        SubscriptionId { trigger: state.trigger, slot, generation: state.generation }
    }

    pub(crate) fn at(&self, slot: u32) -> &Slot {
        &self.slab[slot as usize]
    }

    pub(crate) fn at_mut(&mut self, slot: u32) -> &mut Slot {
        &mut self.slab[slot as usize]
    }

    /// Every place with a subscription in it.
    pub(crate) fn joined(&self) -> Vec<u32> {
        (0_u32..).zip(&self.slab).filter(|(_, slot)| slot.joined).map(|(at, _)| at).collect()
    }

    /// How many are subscribed, failed ones included.
    pub(crate) fn joined_count(&self) -> usize {
        self.joined
    }
}
