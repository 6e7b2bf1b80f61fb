//! What a trigger event that was made of a raw event carries until it is stored.

use std::fmt;
use std::sync::Arc;

use streams::Seq;
use streams::actor::Confirmer;

/// Stands for one trigger event of a stream that is acknowledged. Those who carry it do not look into it.
#[derive(Clone)]
pub(crate) struct Receipt {
    group: Arc<Confirmer>,
    seq: Seq,
}

impl Receipt {
    pub(super) const fn new(group: Arc<Confirmer>, seq: Seq) -> Self {
        Self { group, seq }
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Receipt").field(&self.seq).finish()
    }
}

/// Tells the groups of these that what they stand for is stored.
///
/// # Cancel safety
/// Not: a group that is not told waits until the acknowledgement is overdue.
pub(crate) async fn confirm(receipts: Vec<Receipt>) {
    let mut receipts = receipts.into_iter().peekable();
    while let Some(Receipt { group, seq }) = receipts.next() {
        let mut seqs = vec![seq];
        while let Some(next) = receipts.next_if(|next| Arc::ptr_eq(&next.group, &group)) {
            seqs.push(next.seq);
        }
        group.confirm(seqs).await;
    }
}
