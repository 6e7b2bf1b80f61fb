//! Which workloads are still to be asked for: in slices, a few requests at once, each reported by itself. So the first
//! triggers of a million run while the others are still on their way, and no more answers are held in memory than are
//! in flight. Pure.

use std::collections::VecDeque;

use trigger_host_types::TriggerId;

/// Requests at once: one on its way while the answer of another is taken in.
const AT_ONCE: usize = 2;

/// The ids that wait, and the requests that run.
#[derive(Debug, Default)]
pub(super) struct Fetches {
    waiting: VecDeque<TriggerId>,
    running: usize,
}

impl Fetches {
    /// These are wanted.
    pub(super) fn want(&mut self, ids: Vec<TriggerId>) {
        if self.waiting.is_empty() {
            self.waiting = ids.into();
        } else {
            self.waiting.extend(ids);
        }
    }

    /// The next request, of at most `slice` ids: it counts as running until [`Fetches::ended`].
    pub(super) fn start(&mut self, slice: usize) -> Option<Vec<TriggerId>> {
        if self.running >= AT_ONCE || self.waiting.is_empty() {
            return None;
        }
        self.running += 1;
        let ids = self.waiting.drain(..slice.clamp(1, self.waiting.len())).collect();
        if self.waiting.is_empty() {
            // After a large claim there may never be another one.
            self.waiting = VecDeque::new();
        }
        Some(ids)
    }

    /// A request has ended, well or not.
    pub(super) fn ended(&mut self) {
        self.running = self.running.saturating_sub(1);
    }

    /// Whether nothing waits and nothing runs.
    pub(super) fn is_idle(&self) -> bool {
        self.running == 0 && self.waiting.is_empty()
    }

    /// Nothing that waits is wanted any more.
    pub(super) fn forget(&mut self) {
        self.waiting = VecDeque::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_in_slices_and_in_order_with_few_at_once() {
        let mut fetches = Fetches::default();
        fetches.want((0..7).map(TriggerId).collect());
        let ids = |slice: Option<Vec<TriggerId>>| slice.map(|ids| ids.iter().map(|id| id.0).collect::<Vec<_>>());
        assert_eq!(ids(fetches.start(3)), Some(vec![0, 1, 2]));
        assert_eq!(ids(fetches.start(3)), Some(vec![3, 4, 5]));
        assert_eq!(fetches.start(3), None);
        fetches.want(vec![TriggerId(7)]);
        fetches.ended();
        assert_eq!(ids(fetches.start(3)), Some(vec![6, 7]));
        fetches.ended();
        assert_eq!(fetches.start(3), None);
    }
}
