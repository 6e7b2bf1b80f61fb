//! What a lane was given and has not settled: the last line against a position that moves too far.
//!
//! A rewind runs beside reading, so a raw event of before it may reach the group after it, or one of after it be
//! dropped as one of before. Either way the group would settle a raw event while an earlier one is open. Invariant:
//! only what is next in the order of the latest reading is settled; anything else is a [`Gap`], which ends the group,
//! and the next one reads from the position that was stored.

use std::collections::VecDeque;

use bytes::Bytes;
use stream_rules::{AdvanceError, AdvanceItem};

/// See the module. Raw events are named by their payloads; those of one lane differ.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    given: VecDeque<Bytes>,
    /// What was settled last: an advance may be repeated after it was done.
    settled: Option<Bytes>,
}

/// The raw events to settle are not the next ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gap;

impl Ledger {
    /// The group was given this.
    pub(crate) fn give(&mut self, payload: Bytes) {
        self.given.push_back(payload);
    }

    /// Whether these are next, or were settled before.
    pub(crate) fn may_settle(&self, items: &[AdvanceItem]) -> Result<(), Gap> {
        let next = items.len() <= self.given.len()
            && items.iter().zip(&self.given).all(|(item, given)| item.payload == *given);
        if next || self.is_settled(items) { Ok(()) } else { Err(Gap) }
    }

    /// They are settled at the upstream.
    pub(crate) fn settle(&mut self, items: &[AdvanceItem]) {
        if !self.is_settled(items) {
            self.given.drain(..items.len().min(self.given.len()));
            self.settled = items.last().map(|item| item.payload.clone());
        }
    }

    /// The lane is read again from this one on. False when it is not known.
    pub(crate) fn rewind(&mut self, payload: &Bytes) -> bool {
        let Some(at) = self.given.iter().position(|given| given == payload) else { return false };
        self.given.truncate(at);
        true
    }

    fn is_settled(&self, items: &[AdvanceItem]) -> bool {
        items.last().is_some_and(|item| self.settled.as_ref() == Some(&item.payload))
    }
}

impl From<Gap> for AdvanceError {
    fn from(Gap: Gap) -> Self {
        let what = "the raw events to acknowledge are not the next ones of their lane: it is read again from what was acknowledged";
        Self { what: what.into(), fatal: true, retry_after: None }
    }
}

#[cfg(test)]
mod tests {
    use stream_rules::Outcome;

    use super::*;

    fn items(names: &[&'static str]) -> Vec<AdvanceItem> {
        let item = |name: &&'static str| AdvanceItem {
            payload: Bytes::from_static(name.as_bytes()),
            outcome: Outcome::default(),
        };
        names.iter().map(item).collect()
    }

    fn given(names: &[&'static str]) -> Ledger {
        let mut ledger = Ledger::default();
        names.iter().for_each(|name| ledger.give(Bytes::from_static(name.as_bytes())));
        ledger
    }

    #[test]
    fn only_what_is_next_is_settled() {
        let mut ledger = given(&["a", "b", "c"]);
        assert_eq!(ledger.may_settle(&items(&["b"])), Err(Gap));
        assert_eq!(ledger.may_settle(&items(&["a", "c"])), Err(Gap));
        for _ in 0..2 {
            assert_eq!(ledger.may_settle(&items(&["a", "b"])), Ok(()), "also when it is repeated");
            ledger.settle(&items(&["a", "b"]));
        }
        assert_eq!(ledger.may_settle(&items(&["c", "d"])), Err(Gap));
        assert_eq!(ledger.may_settle(&items(&["c"])), Ok(()));
    }

    #[test]
    fn a_rewind_is_a_new_order() {
        let mut ledger = given(&["a", "b", "c"]);
        assert!(ledger.rewind(&Bytes::from_static(b"b")) && !ledger.rewind(&Bytes::from_static(b"x")));
        assert_eq!(ledger.may_settle(&items(&["a", "b"])), Err(Gap), "b was not given since");
        ledger.settle(&items(&["a"]));
        ["b", "c"].iter().for_each(|name| ledger.give(Bytes::from_static(name.as_bytes())));
        assert_eq!(ledger.may_settle(&items(&["c"])), Err(Gap), "one of before the rewind");
        assert_eq!(ledger.may_settle(&items(&["b", "c"])), Ok(()));
    }
}
