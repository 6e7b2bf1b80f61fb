//! The table of outstanding raw events.
//!
//! Owns one entry per raw event that has been read and not advanced past (`A1`), found by id in constant time.
//! Invariants: ids are given out without gaps; an entry that is gone costs four bytes until all older ones are gone
//! too.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::ids::{EventId, Moment};
use crate::outcome::Outcome;
use crate::slot_set::SlotSet;

const NONE: u32 = u32::MAX;

/// One outstanding raw event.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The subscribers that it still waits for, of those that were there when it was read (`S1`).
    pub(crate) pending: SlotSet,
    /// How many subscribers that is.
    pub(crate) left: u32,
    pub(crate) outcome: Outcome,
    /// When it was read.
    pub(crate) read: Moment,
    pub(crate) payload: Bytes,
    /// Kept only where a failed event is offered again.
    pub(crate) data: Bytes,
    pub(crate) lane: u32,
    /// The next one of its lane.
    pub(crate) next_in_lane: Option<EventId>,
    /// Offers beyond the first.
    pub(crate) offers: u32,
    /// Whether its lane advances past it although it was failed.
    pub(crate) pass: bool,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    slab: Vec<Option<Entry>>,
    free: Vec<u32>,
    index: VecDeque<u32>,
    base: u64,
}

impl Entries {
    /// Adds the entry of the next id.
    pub(crate) fn push(&mut self, entry: Entry) {
        let at = match self.free.pop() {
            Some(at) => {
                self.slab[at as usize] = Some(entry);
                at
            }
            None => {
                self.slab.push(Some(entry));
                u32::try_from(self.slab.len() - 1).unwrap_or(NONE)
            }
        };
        self.index.push_back(at);
    }

    pub(crate) fn get(&self, id: EventId) -> Option<&Entry> {
        self.slab.get(self.place(id)?)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, id: EventId) -> Option<&mut Entry> {
        let place = self.place(id)?;
        self.slab.get_mut(place)?.as_mut()
    }

    pub(crate) fn remove(&mut self, id: EventId) -> Option<Entry> {
        let place = self.place(id)?;
        let entry = self.slab.get_mut(place)?.take()?;
        self.free.push(self.index[(id.0 - self.base) as usize]);
        self.index[(id.0 - self.base) as usize] = NONE;
        self.trim();
        if self.len() == 0 && self.slab.len() > 1_024 {
            // A burst that is over gives its memory back.
            self.slab = Vec::new();
            self.free = Vec::new();
            self.index.shrink_to(64);
        }
        Some(entry)
    }

    /// No entry has an id before this.
    pub(crate) fn base(&self) -> EventId {
        EventId(self.base)
    }

    /// The id after the last one given out.
    pub(crate) fn head(&self) -> EventId {
        EventId(self.base + self.index.len() as u64)
    }

    pub(crate) fn len(&self) -> usize {
        self.slab.len() - self.free.len()
    }

    fn place(&self, id: EventId) -> Option<usize> {
        let offset = usize::try_from(id.0.checked_sub(self.base)?).ok()?;
        self.index.get(offset).filter(|at| **at != NONE).map(|at| *at as usize)
    }

    fn trim(&mut self) {
        while self.index.front() == Some(&NONE) {
            self.index.pop_front();
            self.base += 1;
        }
    }
}
