//! The world `stream-producer`.

use std::sync::Arc;

use async_trait::async_trait;
use wasmtime::Store;
use wasmtime::component::Instance;

use super::bindings::exports::trigger_host::trigger::{acker, reader};
use super::bindings::trigger_host::trigger::{messages, types};
use crate::call::{Advanced, Demand, Message, ReadBatch, Settled, Upstream};
use crate::state::State;
use crate::version::{Export, Exports, Given, ProducerExports};

const READER: &str = "trigger-host:trigger/reader@0.1.0";
const ACKER: &str = "trigger-host:trigger/acker@0.1.0";

type ReadParams = (messages::Call, Option<String>, u32, u32);
type AdvanceParams = (messages::Call, Vec<acker::Settled>);
type AdvanceAnswer = Result<Vec<acker::Unfinished>, acker::AdvanceError>;
type ExtendParams = (messages::Call, Vec<Vec<u8>>, u32);

/// The exports.
pub(super) struct Exported {
    read: Export<ReadParams, (Result<reader::Batch, types::Error>,)>,
    advance: Export<AdvanceParams, (AdvanceAnswer,)>,
    extend: Export<ExtendParams, (Result<(), types::Error>,)>,
}

impl Exported {
    pub(super) fn find(exports: &Exports<'_>) -> Result<Self, String> {
        Ok(Self {
            read: exports.function(READER, "read")?,
            advance: exports.function(ACKER, "advance")?,
            extend: exports.function(ACKER, "extend")?,
        })
    }
}

#[async_trait]
impl ProducerExports for Exported {
    async fn read(
        self: Arc<Self>,
        store: &mut Store<State>,
        instance: &Instance,
        upstream: Upstream,
        cursor: Option<String>,
        demand: Demand,
    ) -> Given<ReadBatch> {
        let params = (upstream.into(), cursor, demand.most, demand.wait_ms);
        let (given,) = self.read.call(store, instance, params).await?;
        Ok(given.map(Into::into).map_err(Into::into))
    }

    async fn advance(
        self: Arc<Self>,
        store: &mut Store<State>,
        instance: &Instance,
        upstream: Upstream,
        batch: Vec<Settled>,
    ) -> Given<Advanced> {
        let batch = batch.into_iter().map(Into::into).collect();
        let (given,) = self.advance.call(store, instance, (upstream.into(), batch)).await?;
        Ok(Ok(given.into()))
    }

    async fn extend(
        self: Arc<Self>,
        store: &mut Store<State>,
        instance: &Instance,
        upstream: Upstream,
        receipts: Vec<Vec<u8>>,
        hold_ms: u32,
    ) -> Given<()> {
        let (given,) = self.extend.call(store, instance, (upstream.into(), receipts, hold_ms)).await?;
        Ok(given.map_err(Into::into))
    }
}

impl From<Upstream> for messages::Call {
    fn from(upstream: Upstream) -> Self {
        Self { parameters: upstream.parameters, now: upstream.now }
    }
}

impl From<Settled> for acker::Settled {
    fn from(one: Settled) -> Self {
        Self { receipt: one.receipt.into(), accepted: one.accepted, rejected: one.rejected, failed: one.failed }
    }
}

impl From<reader::Batch> for ReadBatch {
    fn from(given: reader::Batch) -> Self {
        let messages = given.messages.into_iter().map(Into::into).collect();
        Self { messages, cursor: given.cursor, hold_ms: given.hold_ms }
    }
}

impl From<reader::Message> for Message {
    fn from(one: reader::Message) -> Self {
        Self { data: one.data.into(), receipt: one.receipt.into(), lane: one.lane.into() }
    }
}

impl From<AdvanceAnswer> for Advanced {
    fn from(given: AdvanceAnswer) -> Self {
        match given {
            Ok(unfinished) => {
                Self::Except(unfinished.into_iter().map(|one| (one.index as usize, one.reason)).collect())
            }
            Err(acker::AdvanceError::Retry((why, wait))) => Self::Retry(why, wait),
            Err(acker::AdvanceError::Fatal(why)) => Self::Fatal(why),
        }
    }
}
