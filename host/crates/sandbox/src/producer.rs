//! A guest that is an upstream: its reader and its acker run in instances of their own, one for each call.

use std::sync::Arc;

use crate::answer;
use crate::bindings::producer::exports::trigger_host::trigger::{acker, reader};
use crate::bindings::producer::trigger_host::trigger::messages;
use crate::bindings::trigger_host::trigger::types;
use crate::call::{Advanced, Demand, ReadBatch, Settled, Upstream};
use crate::component::{Calls, checked};
use crate::{Component, EndReason, Ended, HostCalls, Limits};

/// What `read` takes.
pub(crate) type ReadParams = (messages::Call, Option<String>, u32, u32);
/// What `advance` takes.
pub(crate) type AdvanceParams = (messages::Call, Vec<acker::Settled>);
/// What `extend` takes.
pub(crate) type ExtendParams = (messages::Call, Vec<Vec<u8>>, u32);

/// What `advance` gives.
pub(crate) type AdvanceAnswer = (Result<Vec<acker::Unfinished>, acker::AdvanceError>,);

type Done = (Result<(), types::Error>,);

impl From<Upstream> for messages::Call {
    fn from(upstream: Upstream) -> Self {
        Self { parameters: upstream.parameters, now: upstream.now }
    }
}

impl Component {
    /// Reads a producer once. `cursor` is what its last read gave, JSON text. The wall limit has to leave room for the wait.
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
        let Calls::Producer { read, .. } = self.compiled.calls() else { return self.has_no("read") };
        let params: ReadParams = (upstream.into(), cursor, demand.most, demand.wait_ms);
        let own = Arc::clone(&limits);
        let ended: Ended<(Result<reader::Batch, types::Error>,)> = self.call(*read, params, own, host).await;
        checked(ended, "read", |(given,)| match given {
            Ok(batch) => answer::read_batch(batch, demand, &limits),
            Err(error) => Err(EndReason::Guest(answer::guest_error(error))),
        })
    }

    /// Tells a producer what became of a batch: which messages of it are not done.
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
        let Calls::Producer { advance, .. } = self.compiled.calls() else { return self.has_no("advance") };
        let settled = |one: Settled| acker::Settled {
            receipt: one.receipt.into(),
            accepted: one.accepted,
            rejected: one.rejected,
            failed: one.failed,
        };
        let count = batch.len();
        let params: AdvanceParams = (upstream.into(), batch.into_iter().map(settled).collect());
        let ended: Ended<AdvanceAnswer> = self.call(*advance, params, limits, host).await;
        checked(ended, "advance", |(given,)| answer::advanced(given, count))
    }

    /// Has a producer keep messages for so many milliseconds more.
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
        let Calls::Producer { extend, .. } = self.compiled.calls() else { return self.has_no("extend") };
        let params: ExtendParams = (upstream.into(), receipts, hold_ms);
        done(self.call(*extend, params, limits, host).await, "extend")
    }
}

fn done(ended: Ended<Done>, function: &'static str) -> Ended<()> {
    checked(ended, function, |(given,)| given.map_err(|error| EndReason::Guest(answer::guest_error(error))))
}
