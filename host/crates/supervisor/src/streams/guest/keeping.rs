//! Keeps what is open at the upstream from being given to somebody else.
//!
//! Owns the task. Invariants: one extension at a time; one that fails harms nothing but its messages, which come again
//! in the worst case; the task ends with its upstream.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use telemetry::table;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::holds::{Extension, Holds, KEPT_AT_MOST};
use super::{KIND, Shared};

/// What is open, and a bell for the task.
#[derive(Default)]
pub(super) struct Keeper {
    holds: Mutex<Holds>,
    changed: Notify,
}

impl Keeper {
    /// These were read just now. Gives how many of them cannot be kept.
    pub(super) fn add(&self, receipts: impl Iterator<Item = Bytes>, hold: Duration) -> usize {
        let now = Instant::now();
        let mut holds = self.holds.lock();
        let left_out = receipts.filter(|receipt| !holds.add(receipt.clone(), hold, now)).count();
        drop(holds);
        self.changed.notify_one();
        left_out
    }

    /// This was settled.
    pub(super) fn settle(&self, receipt: &Bytes) {
        self.holds.lock().settle(receipt);
    }

    /// Waits until something is due.
    async fn due(&self) {
        loop {
            let changed = self.changed.notified();
            let due = self.holds.lock().next_due();
            let Some(due) = due else {
                changed.await;
                continue;
            };
            tokio::select! {
                () = sleep_until(due) => return,
                () = changed => {}
            }
        }
    }
}

/// Extends what comes due, for as long as it is polled.
pub(super) async fn keep(shared: Arc<Shared>) {
    let source = &*shared.source;
    loop {
        shared.keeper.due().await;
        let now = Instant::now();
        let (extension, let_go) = shared.keeper.holds.lock().take_due(now);
        if let_go > 0 {
            table::STREAM_LET_GO.with([KIND, "age"]).increment(let_go as u64);
            let after = KEPT_AT_MOST.as_secs();
            tracing::warn!(
                source,
                messages = let_go,
                "Not settled after {after} s: they are kept no longer, and come again."
            );
        }
        if let Some(extension) = extension {
            extend(&shared, &extension, now).await;
        }
    }
}

async fn extend(shared: &Shared, extension: &Extension, now: Instant) {
    let (source, messages) = (&*shared.source, extension.receipts.len());
    let receipts = extension.receipts.iter().map(|receipt| receipt.to_vec()).collect();
    let hold_ms = u32::try_from(extension.hold.as_millis()).unwrap_or(u32::MAX);
    match shared.guest.extend(receipts, hold_ms).await {
        Ok(()) => {
            table::STREAM_EXTENDED.with([KIND]).increment(messages as u64);
            shared.keeper.holds.lock().extended(extension, now);
        }
        Err(reason) => {
            let let_go = shared.keeper.holds.lock().not_extended(extension, Instant::now());
            table::STREAM_EXTENSIONS_FAILED.with([KIND, reason.code()]).increment(1);
            if let_go > 0 {
                table::STREAM_LET_GO.with([KIND, "failed"]).increment(let_go as u64);
            }
            tracing::warn!(source, %reason, messages, let_go, "Messages could not be kept for longer: they may come again.");
        }
    }
}
