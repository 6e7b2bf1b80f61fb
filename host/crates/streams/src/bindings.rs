//! Which raw events wait for which trigger event to be stored.
//!
//! Owns the map from sequence number to what it gates. Invariant (`B5`): a number is known exactly as long as one of its raw events is
//! unresolved for its subscriber.

use std::collections::HashMap;

use crate::ids::{EventId, Seq};

/// What one trigger event gates.
#[derive(Debug)]
pub(crate) struct Binding {
    pub(crate) slot: u32,
    /// Nearly always one; more when it covers earlier raw events (`W5`).
    first: EventId,
    others: Vec<EventId>,
}

impl Binding {
    pub(crate) fn events(&self) -> impl Iterator<Item = EventId> + '_ {
        std::iter::once(self.first).chain(self.others.iter().copied())
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Bindings(HashMap<Seq, Binding>);

impl Bindings {
    pub(crate) fn bind(&mut self, seq: Seq, slot: u32, first: EventId, others: Vec<EventId>) {
        self.0.insert(seq, Binding { slot, first, others });
    }

    /// Takes a number out: it is confirmed.
    pub(crate) fn confirm(&mut self, seq: Seq) -> Option<Binding> {
        self.0.remove(&seq)
    }

    /// `event` is resolved in another way.
    pub(crate) fn forget(&mut self, seq: Seq, event: EventId) {
        let Some(binding) = self.0.get_mut(&seq) else { return };
        binding.others.retain(|other| *other != event);
        if binding.first == event {
            match binding.others.pop() {
                Some(other) => binding.first = other,
                None => {
                    self.0.remove(&seq);
                }
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}
