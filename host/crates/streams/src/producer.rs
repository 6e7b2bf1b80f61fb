//! The broker's side, as a group sees it.
//!
//! Owns the two traits that a source implements, be it a guest's `reader` and `acker` or a native one. The reader and
//! the rest are apart because a long poll must not hold up an advance.

use std::num::NonZeroUsize;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use stream_rules::{AdvanceError, AdvanceItem, Lane, PollEnd, Raw};

/// Why a source cannot be read; for logs and for the subscribers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SourceError(pub String);

/// What one read gave.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Read {
    /// Raw events, in order.
    pub events: Vec<Raw>,
    /// Whether the source ended behind them, and how.
    pub end: Option<PollEnd>,
}

/// One open source.
#[async_trait]
pub trait Reader: Send {
    /// Waits for raw events and gives at most `max`. Dropping the future stops reading for good.
    ///
    /// # Errors
    /// The source failed; the group ends.
    async fn read(&mut self, max: usize) -> Result<Read, SourceError>;
}

/// What one lane may advance past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advance {
    /// The lane of all items.
    pub lane: Lane,
    /// In the order they were read, at least one.
    pub items: Arc<[AdvanceItem]>,
}

/// One producer: made for one group, closed with it.
#[async_trait]
pub trait Producer: Send + Sync + 'static {
    /// What kind of source this is, for operators and as a metric's label: one of few words, never a name from outside.
    fn source(&self) -> &'static str {
        "guest"
    }

    /// Opens the source. What it leaves behind when it fails is its own to clean up.
    ///
    /// # Errors
    /// The source cannot be read; the group ends.
    async fn open(&self) -> Result<Box<dyn Reader>, SourceError>;

    /// Acknowledges a batch of one lane at the broker. May be called again for the same items.
    ///
    /// # Errors
    /// Says whether and when to try again.
    async fn advance(&self, lane: &Lane, items: &[AdvanceItem]) -> Result<(), AdvanceError>;

    /// How many lanes one call of [`Producer::advance_many`] may take; None for one lane a call. Asked once. A group
    /// then advances as many times more lanes at the same time, in no more calls than its policy allows.
    fn gather(&self) -> Option<NonZeroUsize> {
        None
    }

    /// Acknowledges batches of different lanes at the broker, at most [`Producer::gather`] of them: those that may be
    /// made right now, nothing is waited for. One result for each, in their order; a missing one counts as failed. Each
    /// lane is tried again by itself. When one of them is overdue, the call is dropped and all of them are tried again.
    async fn advance_many(&self, advances: &[Advance]) -> Vec<Result<(), AdvanceError>> {
        let mut results = Vec::with_capacity(advances.len());
        for Advance { lane, items } in advances {
            results.push(self.advance(lane, items).await);
        }
        results
    }

    /// Reads `lane` again from the raw event with this payload on: the next one of the lane that is read has this
    /// payload again, byte for byte, and every read that begins after the answer is of what comes after the rewind. A
    /// read that is under way may give either; the payload says which.
    ///
    /// # Errors
    /// It cannot; the group ends, so that a new one reads from what was acknowledged.
    async fn rewind(&self, lane: &Lane, payload: &Bytes) -> Result<(), SourceError>;

    /// Lets go of the broker (`C1`).
    ///
    /// # Errors
    /// It is logged; nothing else comes of it (`C2`).
    async fn close(&self) -> Result<(), SourceError>;
}
