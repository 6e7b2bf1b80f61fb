//! What a trigger event that was made of a raw event carries until it is stored.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use scheduler::Fate;
use stream_rules::{NotStored, Seq};
use streams::Confirmer;

/// Stands for one trigger event of a stream that is acknowledged. Those who carry it do not look into it. When the last
/// copy is dropped before the group knows what became of the event, the trigger is gone with its events, and the group
/// need not wait for it.
#[derive(Clone)]
pub(crate) struct Receipt(Arc<Held>);

struct Held {
    group: Arc<Confirmer>,
    seq: Seq,
    /// Whether the group knows what became of it.
    reported: AtomicBool,
}

impl Receipt {
    pub(super) fn new(group: Arc<Confirmer>, seq: Seq) -> Self {
        Self(Arc::new(Held { group, seq, reported: AtomicBool::new(false) }))
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Receipt").field(&self.0.seq).finish()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if !*self.reported.get_mut() {
            self.group.abandon(vec![self.seq]);
        }
    }
}

/// Tells the groups of these what became of them.
///
/// # Cancel safety
/// Whatever no group has heard of yet counts as abandoned.
pub(crate) async fn settle(receipts: Vec<(Receipt, Fate)>) {
    let mut receipts = receipts.into_iter().peekable();
    while let Some((Receipt(held), fate)) = receipts.next() {
        let (group, mut seqs) = (Arc::clone(&held.group), vec![held.seq]);
        let mut reported = vec![held];
        let same = |next: &(Receipt, Fate)| next.1 == fate && Arc::ptr_eq(&next.0.0.group, &group);
        while let Some((Receipt(next), _)) = receipts.next_if(same) {
            seqs.push(next.seq);
            reported.push(next);
        }
        match fate {
            Fate::Stored => group.confirm(seqs).await,
            Fate::Refused => group.not_stored(seqs, NotStored::Refused).await,
        }
        for held in reported {
            held.reported.store(true, Ordering::Relaxed);
        }
    }
}
