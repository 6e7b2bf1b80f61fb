//! The raw events that some subscriber has yet to be given: one ring per group, one cursor per subscriber.
//!
//! Owns the events' bytes and the count of readers at each. Invariants: the ring begins at the first event that anybody
//! waits for; a subscriber that takes everything costs nothing per event, one that takes a selection costs one
//! reference per selected event.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::effect::Delivery;
use crate::ids::EventId;

#[derive(Debug)]
struct Item {
    delivery: Delivery,
    /// Subscribers whose next event this is.
    cursors: u32,
    /// Selections that hold it.
    references: u32,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    items: VecDeque<Item>,
    /// Id of the first item.
    base: u64,
    /// Cursors behind the last item.
    at_head: u32,
    /// No cursor is before this.
    slowest: u64,
}

impl Ring {
    /// The id that the next event will have.
    pub(crate) fn head(&self) -> EventId {
        EventId(self.base + self.items.len() as u64)
    }

    /// Adds an event; `references`: selections that take it.
    pub(crate) fn push(&mut self, data: Bytes, references: u32) -> EventId {
        let id = self.head();
        self.items.push_back(Item { delivery: Delivery { id, data }, cursors: self.at_head, references });
        self.at_head = 0;
        self.trim();
        id
    }

    /// A new cursor, behind everything (`S1`).
    pub(crate) fn join(&mut self) -> EventId {
        self.at_head += 1;
        self.head()
    }

    /// Moves one cursor.
    pub(crate) fn advance(&mut self, from: EventId, to: EventId) {
        self.take_cursors(from, 1);
        *self.cursors_at(to) += 1;
        self.trim();
    }

    /// Takes one cursor out.
    pub(crate) fn leave(&mut self, at: EventId) {
        self.take_cursors(at, 1);
        self.trim();
    }

    /// Gives back one reference of a selection.
    pub(crate) fn release(&mut self, id: EventId) {
        if let Some(item) = self.items.get_mut(self.index(id)) {
            item.references = item.references.saturating_sub(1);
        }
        self.trim();
    }

    /// Where the slowest cursor stands; None without cursors.
    pub(crate) fn slowest(&mut self) -> Option<EventId> {
        self.slowest = self.slowest.max(self.base);
        let head = self.head().0;
        while self.slowest < head {
            if self.items[self.index(EventId(self.slowest))].cursors > 0 {
                return Some(EventId(self.slowest));
            }
            self.slowest += 1;
        }
        (self.at_head > 0).then_some(EventId(head))
    }

    /// No cursor stands before this.
    pub(crate) fn floor(&self) -> EventId {
        EventId(self.slowest.max(self.base))
    }

    /// Moves every cursor before `floor` to it. The subscribers' own cursors stay as they are: they are compared with
    /// the floor when used.
    pub(crate) fn raise(&mut self, floor: EventId) {
        while let Some(at) = self.slowest().filter(|at| *at < floor) {
            let count = self.items[self.index(at)].cursors;
            self.take_cursors(at, count);
            *self.cursors_at(floor) += count;
        }
        self.trim();
    }

    pub(crate) fn get(&self, id: EventId) -> Option<&Delivery> {
        id.0.checked_sub(self.base).and_then(|index| self.items.get(index as usize)).map(|item| &item.delivery)
    }

    /// The events from `from`, oldest first.
    pub(crate) fn from(&self, from: EventId) -> impl Iterator<Item = &Delivery> {
        self.items.range(self.index(from).min(self.items.len())..).map(|item| &item.delivery)
    }

    /// Events held.
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    fn index(&self, id: EventId) -> usize {
        id.0.saturating_sub(self.base) as usize
    }

    fn cursors_at(&mut self, id: EventId) -> &mut u32 {
        let index = self.index(id);
        match self.items.get_mut(index) {
            Some(item) => &mut item.cursors,
            None => &mut self.at_head,
        }
    }

    fn take_cursors(&mut self, at: EventId, count: u32) {
        let cursors = self.cursors_at(at);
        *cursors = cursors.saturating_sub(count);
    }

    fn trim(&mut self) {
        while self.items.front().is_some_and(|item| item.cursors == 0 && item.references == 0) {
            self.items.pop_front();
            self.base += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_the_slowest_needs_and_no_more() {
        let mut ring = Ring::default();
        let (mut fast, slow) = (ring.join(), ring.join());
        for _ in 0..3 {
            ring.push(Bytes::from_static(b"x"), 0);
        }
        ring.advance(fast, EventId(3));
        fast = EventId(3);
        assert_eq!((ring.len(), ring.slowest()), (3, Some(slow)));
        ring.advance(slow, EventId(2));
        assert_eq!((ring.len(), ring.slowest()), (1, Some(EventId(2))));
        ring.leave(EventId(2));
        assert_eq!((ring.len(), ring.slowest(), fast), (0, Some(EventId(3)), ring.head()));
    }

    #[test]
    fn a_selection_keeps_only_its_own() {
        let mut ring = Ring::default();
        ring.push(Bytes::new(), 0);
        let kept = ring.push(Bytes::from_static(b"y"), 1);
        ring.push(Bytes::new(), 0);
        assert_eq!(ring.slowest(), None, "selections have no cursor");
        assert!(ring.get(kept).is_some());
        ring.release(kept);
        assert_eq!(ring.len(), 0);
    }

    #[test]
    fn raising_the_floor_moves_slow_cursors() {
        let mut ring = Ring::default();
        ring.join();
        for _ in 0..5 {
            ring.push(Bytes::new(), 0);
        }
        ring.raise(EventId(3));
        assert_eq!((ring.len(), ring.slowest()), (2, Some(EventId(3))));
    }
}
