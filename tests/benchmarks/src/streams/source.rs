//! A source in memory that makes its messages when it is read, and counts what was acknowledged.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use stream_rules::{AdvanceItem, Lane, Raw};
use streams::{Producer, Read, Reader, SourceError};
use tokio::sync::Notify;

use super::room::KINDS;

type AdvanceResult = Result<(), stream_rules::AdvanceError>;

/// Messages of one read.
const BURST: u64 = 8_192;

/// What the broker of one case has seen.
#[derive(Default)]
pub(super) struct Upstream {
    read: AtomicU64,
    advanced: AtomicU64,
    /// Reads no more than this.
    most: AtomicU64,
    more: Notify,
    /// Whether each message has a lane of its own.
    own_lanes: AtomicBool,
}

impl Upstream {
    /// One that gives so many messages at most.
    pub(super) fn of(most: u64, own_lanes: bool) -> Arc<Self> {
        Arc::new(Self { most: most.into(), own_lanes: own_lanes.into(), ..Self::default() })
    }

    /// Messages that were read.
    pub(super) fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Messages that were acknowledged.
    pub(super) fn advanced(&self) -> u64 {
        self.advanced.load(Ordering::Relaxed)
    }

    /// Lets it give so many more.
    pub(super) fn allow(&self, more: u64) {
        self.most.fetch_add(more, Ordering::Relaxed);
        self.more.notify_one();
    }

    fn message(&self, id: u64) -> Raw {
        let kind = id % KINDS.unsigned_abs();
        let data = Bytes::from(format!(r#"{{"kind": {kind}, "id": {id}, "detail": {{"state": "done"}}}}"#));
        let payload = Bytes::copy_from_slice(&id.to_be_bytes());
        let lane = if self.own_lanes.load(Ordering::Relaxed) { Lane(payload.clone()) } else { Lane::default() };
        Raw { data, payload, lane }
    }
}

/// The producer of a case.
pub(super) struct Memory(pub(super) Arc<Upstream>);

struct Open(Arc<Upstream>);

#[async_trait]
impl Reader for Open {
    async fn read(&mut self, max: usize) -> Result<Read, SourceError> {
        let from = self.0.read();
        loop {
            let there = self.0.most.load(Ordering::Relaxed).saturating_sub(from);
            if there > 0 {
                let to = from + there.min(BURST).min(max as u64);
                let events = (from..to).map(|id| self.0.message(id)).collect();
                self.0.read.store(to, Ordering::Relaxed);
                return Ok(Read { events, end: None });
            }
            self.0.more.notified().await;
        }
    }
}

#[async_trait]
impl Producer for Memory {
    fn source(&self) -> &'static str {
        "memory"
    }

    async fn open(&self) -> Result<Box<dyn Reader>, SourceError> {
        Ok(Box::new(Open(Arc::clone(&self.0))))
    }

    async fn advance(&self, _: &Lane, items: &[AdvanceItem]) -> AdvanceResult {
        self.0.advanced.fetch_add(items.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    async fn rewind(&self, _: &Lane, _: &Bytes) -> Result<(), SourceError> {
        Err(SourceError("nothing is read twice here".into()))
    }

    async fn close(&self) -> Result<(), SourceError> {
        Ok(())
    }
}
