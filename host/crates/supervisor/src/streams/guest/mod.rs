//! An upstream that is a component: its `reader` and `acker` do what a native source does.
//!
//! Owns what a group needs around the calls: the cursor, what is open at the upstream and for how long, and what of a
//! batch is done. Invariants: the reader and the acker are called side by side, each one call at a time (the acker one
//! per call of the group); a message is advanced only when the group says so; nothing a guest answers or leaves out
//! harms another stream. The cursor and everything else live in memory alone: a new group begins without them, and what
//! was not advanced comes again.
//!
//! It is here and not beside the native sources because those know nothing of wasm: the seam
//! ([`Upstreams`](super::Upstreams)) would have to move with it, and `sources` would have to know the sandbox.

mod advancing;
mod calls;
mod holds;
mod keeping;
mod reading;
#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;
use std::sync::Arc;

use async_trait::async_trait;
use broker::{Broker, HttpGrant};
use bytes::Bytes;
use parking_lot::Mutex;
use sandbox::Limits;
use stream_rules::{AdvanceError, AdvanceItem, Lane};
use streams::{Advance, Producer, Reader, SourceError};
use tokio::task::JoinHandle;
use trigger_host_types::Clock;

use advancing::Done;
use calls::{Guest, SourceCalls};
use keeping::Keeper;
use reading::Reading;

/// Kind of such a source, where metrics have one.
const KIND: &str = "guest";
/// Lanes that share one call of `advance`.
const GATHERED: NonZeroUsize = NonZeroUsize::new(100).unwrap();

/// What an upstream of a guest is made of.
pub struct GuestParts {
    /// Name of the source, as the catalog has it: its log lines carry it.
    pub source: Arc<str>,
    /// Loaded, with the interfaces its grants allow.
    pub producer: sandbox::Producer,
    /// Of the stream, neutral JSON text.
    pub parameters: String,
    /// For each call. A read waits for messages for two thirds of the wall limit, 20 s at most.
    pub limits: Arc<Limits>,
    /// Where its requests may go: the source's own grants, whoever subscribes.
    pub http: Arc<[HttpGrant]>,
    /// Lends the connections of the grants.
    pub broker: Broker,
    /// The time that the guest sees.
    pub clock: Arc<dyn Clock>,
}

/// An upstream that is a component. Made for one group; opens nothing before the group does.
pub struct GuestUpstream {
    shared: Arc<Shared>,
    /// Keeps what is open at the upstream, from the opening on.
    keeping: Mutex<Option<JoinHandle<()>>>,
}

/// What the reader, the acker and the keeper share.
struct Shared {
    source: Arc<str>,
    guest: Arc<dyn Guest>,
    keeper: Keeper,
    done: Mutex<Done>,
}

impl GuestUpstream {
    /// The upstream of one group.
    pub fn new(parts: GuestParts) -> Self {
        let GuestParts { source, producer, parameters, limits, http, broker, clock } = parts;
        let calls = SourceCalls { source: Arc::clone(&source), http, broker };
        Self::calling(source, Arc::new(calls::Called { producer, parameters, limits, clock, calls: Arc::new(calls) }))
    }

    fn calling(source: Arc<str>, guest: Arc<dyn Guest>) -> Self {
        let shared = Shared { source, guest, keeper: Keeper::default(), done: Mutex::default() };
        Self { shared: Arc::new(shared), keeping: Mutex::new(None) }
    }

    fn stop_keeping(&self) {
        if let Some(task) = self.keeping.lock().take() {
            task.abort();
        }
    }
}

impl Drop for GuestUpstream {
    fn drop(&mut self) {
        self.stop_keeping();
    }
}

#[async_trait]
impl Producer for GuestUpstream {
    fn source(&self) -> &'static str {
        KIND
    }

    async fn open(&self) -> Result<Box<dyn Reader>, SourceError> {
        self.stop_keeping();
        *self.keeping.lock() = Some(tokio::spawn(keeping::keep(Arc::clone(&self.shared))));
        Ok(Box::new(Reading::new(Arc::clone(&self.shared))))
    }

    async fn advance(&self, lane: &Lane, items: &[AdvanceItem]) -> Result<(), AdvanceError> {
        let advance = Advance { lane: lane.clone(), items: items.into() };
        self.shared.advance(std::slice::from_ref(&advance)).await.pop().unwrap_or(Ok(()))
    }

    fn gather(&self) -> Option<NonZeroUsize> {
        Some(GATHERED)
    }

    async fn advance_many(&self, advances: &[Advance]) -> Vec<Result<(), AdvanceError>> {
        self.shared.advance(advances).await
    }

    /// The world has no call for it: the group ends, and the next one is given what was not advanced.
    async fn rewind(&self, _: &Lane, _: &Bytes) -> Result<(), SourceError> {
        let source = &self.shared.source;
        Err(SourceError(format!("source `{source}` is a component, which cannot go back: it will be opened again")))
    }

    async fn close(&self) -> Result<(), SourceError> {
        self.stop_keeping();
        Ok(())
    }
}
