//! The world `stream-trigger`.

use std::sync::Arc;

use async_trait::async_trait;
use trigger_host_types::UnixMs;
use wasmtime::Store;
use wasmtime::component::{Instance, ResourceAny, TypedFunc};

use super::bindings::exports::trigger_host::trigger::subscriber as wit;
use super::bindings::trigger_host::trigger::types;
use crate::call::{Context, Stream, Test, Verdict, Wanted};
use crate::state::State;
use crate::version::{Export, Exports, FilterExports, Given, RawEvents, SubscriberExports};

const SUBSCRIBER: &str = "trigger-host:trigger/subscriber@0.1.0";

type EvaluateParams = (ResourceAny, u64, wit::RawEvents);
type Evaluated = (Result<Vec<wit::Verdict>, types::Error>,);

/// The exports.
pub(super) struct Exported {
    describe: Export<(String,), (Result<wit::Stream, types::Error>,)>,
    filter: Export<(types::Context, String), (ResourceAny,)>,
    evaluate: Export<EvaluateParams, Evaluated>,
}

impl Exported {
    pub(super) fn find(exports: &Exports<'_>) -> Result<Self, String> {
        Ok(Self {
            describe: exports.function(SUBSCRIBER, "describe")?,
            filter: exports.function(SUBSCRIBER, "[constructor]filter")?,
            evaluate: exports.function(SUBSCRIBER, "[method]filter.evaluate")?,
        })
    }
}

#[async_trait]
impl SubscriberExports for Exported {
    async fn describe(self: Arc<Self>, store: &mut Store<State>, instance: &Instance, kwargs: String) -> Given<Stream> {
        let (given,) = self.describe.call(store, instance, (kwargs,)).await?;
        Ok(given.map(Into::into).map_err(Into::into))
    }

    async fn filter(
        self: Arc<Self>,
        store: &mut Store<State>,
        instance: &Instance,
        context: Context,
        kwargs: String,
    ) -> wasmtime::Result<Box<dyn FilterExports>> {
        let (filter,) = self.filter.call(store, instance, (context.into(), kwargs)).await?;
        let evaluate = self.evaluate.in_instance(store, instance)?;
        Ok(Box::new(Live { filter, evaluate }))
    }
}

/// A filter in its instance.
struct Live {
    filter: ResourceAny,
    evaluate: TypedFunc<EvaluateParams, Evaluated>,
}

#[async_trait]
impl FilterExports for Live {
    async fn evaluate(&mut self, store: &mut Store<State>, now: UnixMs, events: RawEvents) -> Given<Vec<Verdict>> {
        let RawEvents { bytes, ends } = events;
        let (given,) = self.evaluate.call_async(store, (self.filter, now, wit::RawEvents { bytes, ends })).await?;
        Ok(given.map(|verdicts| verdicts.into_iter().map(Into::into).collect()).map_err(Into::into))
    }
}

impl From<wit::Stream> for Stream {
    fn from(given: wit::Stream) -> Self {
        Self {
            key: given.key,
            source: given.source,
            parameters: given.parameters,
            wanted: given.wanted.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<wit::Condition> for Wanted {
    fn from(wit::Condition { pointer, test }: wit::Condition) -> Self {
        let test = match test {
            wit::Test::OneOf(values) => Test::OneOf(values),
            wit::Test::Prefix(prefix) => Test::Prefix(prefix),
            wit::Test::Exists => Test::Exists,
        };
        Self { pointer, test }
    }
}

impl From<wit::Verdict> for Verdict {
    fn from(given: wit::Verdict) -> Self {
        match given {
            wit::Verdict::Skip => Self::Skip,
            wit::Verdict::Emit(events) => Self::Emit(events.into_iter().map(Into::into).collect()),
            wit::Verdict::Reject(reason) => Self::Reject(reason),
        }
    }
}
