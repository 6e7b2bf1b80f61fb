//! The world `poll-trigger`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use wasmtime::Store;
use wasmtime::component::Instance;

use super::bindings::trigger_host::trigger::types as wit;
use crate::call::{Context, Next, Outcome};
use crate::state::State;
use crate::version::{Export, Exports, Given, PollerExports};

const POLLER: &str = "trigger-host:trigger/poller@0.1.0";

type Params = (wit::Context, String, Option<String>);

/// The exports.
pub(super) struct Exported {
    poll: Export<Params, (Result<wit::Outcome, wit::Error>,)>,
    on_kill: Export<Params, (Result<(), wit::Error>,)>,
}

impl Exported {
    pub(super) fn find(exports: &Exports<'_>) -> Result<Self, String> {
        Ok(Self { poll: exports.function(POLLER, "poll")?, on_kill: exports.function(POLLER, "on-kill")? })
    }
}

#[async_trait]
impl PollerExports for Exported {
    async fn poll(
        self: Arc<Self>,
        store: &mut Store<State>,
        instance: &Instance,
        context: Context,
        kwargs: String,
        checkpoint: Option<String>,
    ) -> Given<Outcome> {
        let (given,) = self.poll.call(store, instance, (context.into(), kwargs, checkpoint)).await?;
        Ok(given.map(Into::into).map_err(Into::into))
    }

    async fn on_kill(
        self: Arc<Self>,
        store: &mut Store<State>,
        instance: &Instance,
        context: Context,
        kwargs: String,
        checkpoint: Option<String>,
    ) -> Given<()> {
        let (given,) = self.on_kill.call(store, instance, (context.into(), kwargs, checkpoint)).await?;
        Ok(given.map_err(Into::into))
    }
}

impl From<wit::Outcome> for Outcome {
    fn from(given: wit::Outcome) -> Self {
        Self {
            events: given.events.into_iter().map(Into::into).collect(),
            checkpoint: given.checkpoint,
            next: match given.next {
                wit::Next::After(ms) => Next::After(Duration::from_millis(ms)),
                wit::Next::At(at) => Next::At(at),
                wit::Next::Finished => Next::Finished,
            },
        }
    }
}
