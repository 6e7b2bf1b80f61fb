//! Who gets the next permit for a live instance: groups in turn, and within a group first come, first served.
//!
//! A group is a Dag (or a class path, for triggers without a task). Invariants: at most `permits` are out, and
//! never more than half of them to one group, so that one Dag whose upstream hangs cannot hold all. An entry leaves the
//! queue exactly once.

use std::collections::{HashMap, VecDeque};

/// Names a group.
pub(crate) type Group = u32;

/// The queue of due triggers and the count of permits that are out.
#[derive(Debug)]
pub(crate) struct FairQueue<K> {
    permits: usize,
    per_group: usize,
    out: usize,
    waiting: usize,
    /// Groups that have somebody waiting and may have a permit, in turn.
    turns: VecDeque<Group>,
    groups: HashMap<Group, State<K>>,
}

#[derive(Debug)]
struct State<K> {
    waiting: VecDeque<K>,
    out: usize,
    in_turns: bool,
}

impl<K> FairQueue<K> {
    /// `permits` in all; one group may hold half of them (at least one).
    pub(crate) fn new(permits: usize) -> Self {
        let permits = permits.max(1);
        Self {
            permits,
            per_group: permits.div_ceil(2),
            out: 0,
            waiting: 0,
            turns: VecDeque::new(),
            groups: HashMap::new(),
        }
    }

    /// Entries that wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Permits that are out.
    pub(crate) fn out(&self) -> usize {
        self.out
    }

    /// Queues `key` at the end of its group.
    pub(crate) fn push(&mut self, group: Group, key: K) {
        let state =
            self.groups.entry(group).or_insert_with(|| State { waiting: VecDeque::new(), out: 0, in_turns: false });
        state.waiting.push_back(key);
        self.waiting += 1;
        if !state.in_turns && state.out < self.per_group {
            state.in_turns = true;
            self.turns.push_back(group);
        }
    }

    /// The next one that may run, with its group: its permit is out until [`FairQueue::done`].
    pub(crate) fn pop(&mut self) -> Option<(Group, K)> {
        if self.out >= self.permits {
            return None;
        }
        while let Some(group) = self.turns.pop_front() {
            let Some(state) = self.groups.get_mut(&group) else { continue };
            state.in_turns = false;
            let Some(key) = state.waiting.pop_front() else { continue };
            state.out += 1;
            self.out += 1;
            self.waiting -= 1;
            if !state.waiting.is_empty() && state.out < self.per_group {
                state.in_turns = true;
                self.turns.push_back(group);
            }
            return Some((group, key));
        }
        None
    }

    /// Gives a permit of `group` back.
    pub(crate) fn done(&mut self, group: Group) {
        let Some(state) = self.groups.get_mut(&group) else { return };
        state.out = state.out.saturating_sub(1);
        self.out = self.out.saturating_sub(1);
        if state.waiting.is_empty() {
            if state.out == 0 {
                self.groups.remove(&group);
            }
        } else if !state.in_turns {
            state.in_turns = true;
            self.turns.push_back(group);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hot_group_does_not_delay_another() {
        let mut queue = FairQueue::new(4);
        for n in 0..100 {
            queue.push(1, n);
        }
        queue.push(2, 1_000);
        let first: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(first, [(1, 0), (2, 1_000), (1, 1)]);
    }

    #[test]
    fn a_group_that_hangs_holds_half_of_the_permits() {
        let mut queue = FairQueue::new(4);
        for n in 0..10 {
            queue.push(1, n);
        }
        assert_eq!(std::iter::from_fn(|| queue.pop()).count(), 2);
        queue.push(2, 0);
        assert_eq!(queue.pop(), Some((2, 0)));
        queue.done(1);
        assert_eq!(queue.pop(), Some((1, 2)));
        assert_eq!(queue.pop(), None);
    }

    #[test]
    fn permits_bound_everybody() {
        let mut queue = FairQueue::new(2);
        for group in 0..5 {
            queue.push(group, ());
        }
        assert!(queue.pop().is_some() && queue.pop().is_some());
        assert_eq!((queue.pop(), queue.out(), queue.waiting()), (None, 2, 3));
        queue.done(0);
        assert_eq!(queue.pop(), Some((2, ())));
    }
}
