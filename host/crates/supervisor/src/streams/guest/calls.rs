//! The calls of a producer's guest, and what its imports reach.
//!
//! Owns the seam to the sandbox. Invariants: requests go to the broker under the grants of the source, never under
//! those of a subscriber; log lines go to the host's own log with the name of the source, since no trigger is theirs.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use broker::{Broker, HttpGrant};
use sandbox::{Advanced, Demand, EndReason, HostCalls, Limits, Producer, ReadBatch, Settled, Upstream};
use trigger_host_types::{Clock, http, log};

/// The longest that a read is asked to wait: what brokers commonly allow.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// What a guest that is an upstream can be asked.
#[async_trait]
pub(super) trait Guest: Send + Sync {
    /// How long a read may wait for its first message, so that its call still ends in time.
    fn wait(&self) -> Duration;

    async fn read(&self, cursor: Option<String>, demand: Demand) -> Result<ReadBatch, EndReason>;

    async fn advance(&self, batch: Vec<Settled>) -> Result<Advanced, EndReason>;

    async fn extend(&self, receipts: Vec<Vec<u8>>, hold_ms: u32) -> Result<(), EndReason>;
}

/// A component, called.
pub(super) struct Called {
    pub(super) producer: Producer,
    pub(super) parameters: String,
    pub(super) limits: Arc<Limits>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) calls: Arc<SourceCalls>,
}

impl Called {
    fn upstream(&self) -> Upstream {
        Upstream { parameters: self.parameters.clone(), now: self.clock.now() }
    }

    fn own(&self) -> (Arc<Limits>, Arc<dyn HostCalls>) {
        (Arc::clone(&self.limits), Arc::clone(&self.calls) as Arc<dyn HostCalls>)
    }
}

#[async_trait]
impl Guest for Called {
    fn wait(&self) -> Duration {
        (self.limits.wall * 2 / 3).min(LONGEST_WAIT)
    }

    async fn read(&self, cursor: Option<String>, demand: Demand) -> Result<ReadBatch, EndReason> {
        let (limits, host) = self.own();
        self.producer.read(self.upstream(), cursor, demand, limits, host).await.result
    }

    async fn advance(&self, batch: Vec<Settled>) -> Result<Advanced, EndReason> {
        let (limits, host) = self.own();
        self.producer.advance(self.upstream(), batch, limits, host).await.result
    }

    async fn extend(&self, receipts: Vec<Vec<u8>>, hold_ms: u32) -> Result<(), EndReason> {
        let (limits, host) = self.own();
        self.producer.extend(self.upstream(), receipts, hold_ms, limits, host).await.result
    }
}

/// What the imports of a source's guest reach.
pub(super) struct SourceCalls {
    pub(super) source: Arc<str>,
    pub(super) http: Arc<[HttpGrant]>,
    pub(super) broker: Broker,
}

#[async_trait]
impl HostCalls for SourceCalls {
    async fn http_send(&self, request: http::Request) -> Result<http::Response, http::Error> {
        self.broker.send(&self.http, request).await
    }

    async fn http_send_all(&self, requests: Vec<http::Request>) -> Vec<Result<http::Response, http::Error>> {
        self.broker.send_all(&self.http, requests).await
    }

    fn log(&self, line: log::Line) {
        let (source, message, fields) = (&*self.source, line.message, line.fields);
        match line.level {
            log::Level::Debug => tracing::debug!(source, ?fields, "{message}"),
            log::Level::Info => tracing::info!(source, ?fields, "{message}"),
            log::Level::Warning => tracing::warn!(source, ?fields, "{message}"),
            log::Level::Error => tracing::error!(source, ?fields, "{message}"),
        }
    }
}
