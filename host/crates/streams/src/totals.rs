//! What all groups of a process have done, by the kind of their source.
//!
//! Owns the sums, for metrics: a group that is over stays counted. Invariants: a sum never falls; looking at it waits
//! for no group.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use stream_rules::status::Totals;

/// See the module. Bounded by the kinds of sources. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sums(Arc<Mutex<BTreeMap<&'static str, Totals>>>);

impl Sums {
    /// All of them.
    pub(crate) fn all(&self) -> BTreeMap<&'static str, Totals> {
        self.0.lock().clone()
    }

    /// For a new group.
    pub(crate) fn follower(&self, source: &'static str) -> Follower {
        Follower { sums: self.clone(), source, counted: Totals::default() }
    }
}

/// One group's part.
pub(crate) struct Follower {
    sums: Sums,
    source: &'static str,
    /// What is in the sums already.
    counted: Totals,
}

impl Follower {
    /// The group has done so much by now.
    pub(crate) fn follow(&mut self, totals: Totals) {
        let before = std::mem::replace(&mut self.counted, totals);
        if before != totals {
            let mut sums = self.sums.0.lock();
            sums.entry(self.source).or_default().add(&totals, &before);
        }
    }
}
