//! What a group wakes up for.
//!
//! Owns a heap of deadlines. Invariants: equal deadlines fire in the order they were set; whoever sets a timer keeps at
//! most one of its kind alive, so the heap is bounded by subscribers and lanes, not by events.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::ids::{EventId, Moment};

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// The grace period is over (`D1`).
    Grace,
    /// The grace of a trigger that left may have passed.
    Absent,
    /// The oldest outstanding event may be overdue since it was read (`K1`).
    SinceRead,
    /// The oldest event in the hands of a slot may be overdue.
    SinceHandOver {
        /// The subscriber's place.
        slot: u32,
        /// Which subscription in that place.
        generation: u64,
    },
    /// A failed head is to be offered again.
    Offer(EventId),
    /// A failed batch is to be tried again.
    Retry(u32),
    /// A running advance may be overdue.
    Advance,
    /// Draining has taken too long.
    Drain,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(Moment, u64, Timer)>>,
    set: u64,
}

impl Timers {
    pub(crate) fn set(&mut self, at: Moment, timer: Timer) {
        self.set += 1;
        self.heap.push(Reverse((at, self.set, timer)));
    }

    /// The next one that is due.
    pub(crate) fn due(&mut self, now: Moment) -> Option<Timer> {
        if self.next()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse((_, _, timer))| timer)
    }

    pub(crate) fn next(&self) -> Option<Moment> {
        self.heap.peek().map(|Reverse((at, _, _))| *at)
    }

    pub(crate) fn len(&self) -> usize {
        self.heap.len()
    }

    pub(crate) fn clear(&mut self) {
        self.heap.clear();
    }
}
