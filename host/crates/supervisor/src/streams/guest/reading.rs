//! The reading half of an upstream that is a component.
//!
//! Owns the cursor and the pace. Invariants: the cursor moves only with a read that succeeded; a guest that answers
//! nothing is asked at most once a second, one that fails is asked again after growing waits, and after
//! [`MOST_FAILURES`] in a row the group ends.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sandbox::{Demand, EndReason, GuestError, ReadBatch};
use stream_rules::{Lane, Raw};
use streams::{Read, Reader, SourceError};
use telemetry::table;
use tokio::time::{Instant, sleep, sleep_until};
use trigger_host_types::Backoff;

use super::{KIND, Shared};

/// Reads in a row that may fail before the group ends.
const MOST_FAILURES: u32 = 8;
/// Waits after failures in a row.
const AFTER_FAILURE: Backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(30));
/// From one read that gave nothing to the next.
const AFTER_NOTHING: Duration = Duration::from_secs(1);
/// Messages of one read.
const MOST: u32 = 1_000;

/// See the module.
pub(super) struct Reading {
    shared: Arc<Shared>,
    cursor: Option<String>,
    /// How much the next read may ask for: much less after an answer that cannot be used, because that may be for its
    /// size; then slowly more.
    most: u32,
    failures: u32,
}

impl Reading {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, cursor: None, most: MOST, failures: 0 }
    }

    /// What a batch comes to.
    fn take(&mut self, batch: ReadBatch) -> Vec<Raw> {
        (self.cursor, self.failures) = (batch.cursor, 0);
        self.most = (self.most + self.most / 16 + 1).min(MOST);
        let hold = batch.hold_ms.map(|ms| Duration::from_millis(ms.into()));
        let receipts = batch.messages.iter().map(|message| message.receipt.clone());
        let left_out = hold.map_or(0, |hold| self.shared.keeper.add(receipts, hold));
        if left_out > 0 {
            table::STREAM_LET_GO.with([KIND, "room"]).increment(left_out as u64);
            let source = &*self.shared.source;
            tracing::warn!(source, left_out, "Too many messages are open for all to be kept: some may come again.");
        }
        let raw =
            |message: sandbox::Message| Raw { data: message.data, payload: message.receipt, lane: Lane(message.lane) };
        batch.messages.into_iter().map(raw).collect()
    }

    /// Counts a failure: how long to wait, or that it was the last.
    fn failed(&mut self, reason: &EndReason, asked: u32) -> Result<Duration, SourceError> {
        let source = &*self.shared.source;
        self.failures += 1;
        table::STREAM_READS_FAILED.with([KIND, reason.code()]).increment(1);
        if is_final(reason) || self.failures >= MOST_FAILURES {
            let times = self.failures;
            return Err(SourceError(format!("source `{source}` cannot be read ({times} times in a row): {reason}")));
        }
        if matches!(reason, EndReason::BadAnswer { .. }) {
            self.most = (asked / 4).max(1);
        }
        let wait = AFTER_FAILURE.full_wait(self.failures);
        tracing::warn!(source, %reason, failures = self.failures, wait_ms = wait.as_millis() as u64, "A read failed.");
        Ok(wait)
    }
}

/// Whether the next read would end in the same way: parameters do not change.
fn is_final(reason: &EndReason) -> bool {
    matches!(reason, EndReason::Guest(GuestError::InvalidKwargs(_)))
}

#[async_trait]
impl Reader for Reading {
    async fn read(&mut self, max: usize) -> Result<Read, SourceError> {
        loop {
            let began = Instant::now();
            let most = u32::try_from(max).unwrap_or(MOST).clamp(1, self.most);
            let wait_ms = u32::try_from(self.shared.guest.wait().as_millis()).unwrap_or(u32::MAX);
            match self.shared.guest.read(self.cursor.clone(), Demand { most, wait_ms }).await {
                Ok(batch) => {
                    let events = self.take(batch);
                    if !events.is_empty() {
                        return Ok(Read { events, end: None });
                    }
                    sleep_until(began + AFTER_NOTHING).await;
                }
                Err(reason) => sleep(self.failed(&reason, most)?).await,
            }
        }
    }
}
