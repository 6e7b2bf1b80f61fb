//! A guest that is an upstream: its reader and its acker run in instances of their own, one for each call.

use std::sync::Arc;

use super::common::{Core, finish};
use crate::answer;
use crate::call::{Advanced, Demand, Ended, HostCalls, Limits, ReadBatch, Settled, Upstream};
use crate::version::ProducerExports;

/// A component that is an upstream. Cheap to clone.
#[derive(Clone)]
pub struct Producer {
    core: Core,
    exports: Arc<dyn ProducerExports>,
}

impl Producer {
    pub(super) fn new(exports: Arc<dyn ProducerExports>, core: Core) -> Self {
        Self { core, exports }
    }

    pub(super) fn core(&self) -> &Core {
        &self.core
    }

    /// Reads once. `cursor` is what the last read gave, JSON text. The wall limit has to leave room for the wait.
    ///
    /// # Cancel safety
    /// Dropping the future ends the call and its instance within a tick.
    pub async fn read(
        &self,
        upstream: Upstream,
        cursor: Option<String>,
        demand: Demand,
        limits: Arc<Limits>,
        host: Arc<dyn HostCalls>,
    ) -> Ended<ReadBatch> {
        let (exports, own) = (Arc::clone(&self.exports), Arc::clone(&limits));
        let ended = self
            .core
            .call(own, host, move |store, instance| exports.read(store, instance, upstream, cursor, demand))
            .await;
        finish(ended, "read", |given| answer::check_read_batch(given, demand, &limits))
    }

    /// Tells the upstream what became of a batch, and gives which messages of it are not done.
    ///
    /// # Cancel safety
    /// As for `read`.
    pub async fn advance(
        &self,
        upstream: Upstream,
        batch: Vec<Settled>,
        limits: Arc<Limits>,
        host: Arc<dyn HostCalls>,
    ) -> Ended<Advanced> {
        let (exports, count) = (Arc::clone(&self.exports), batch.len());
        let ended = self
            .core
            .call(limits, host, move |store, instance| exports.advance(store, instance, upstream, batch))
            .await;
        finish(ended, "advance", |given| answer::check_advanced(given, count))
    }

    /// Keeps messages from being given to somebody else for `hold_ms` milliseconds more.
    ///
    /// # Cancel safety
    /// As for `read`.
    pub async fn extend(
        &self,
        upstream: Upstream,
        receipts: Vec<Vec<u8>>,
        hold_ms: u32,
        limits: Arc<Limits>,
        host: Arc<dyn HostCalls>,
    ) -> Ended<()> {
        let exports = Arc::clone(&self.exports);
        finish(
            self.core
                .call(limits, host, move |store, instance| exports.extend(store, instance, upstream, receipts, hold_ms))
                .await,
            "extend",
            Ok,
        )
    }
}
