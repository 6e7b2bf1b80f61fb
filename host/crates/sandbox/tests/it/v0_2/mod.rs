//! A second version of the interface, as a throw-away: what a room has to bring, and that nothing else has to change
//! for it.
//!
//! This module and its `wit` folder are the room, `Versions::with` is the registration, and the sandbox beside them is
//! the product's own.

mod side_by_side;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sandbox::version::{
    Export, Exports, Found, Given, ManifestExports, PollerExports, ProducerExports, State, SubscriberExports, Version,
};
use sandbox::{Context, GuestError, Interface, Kind, Next, Outcome, World};
use trigger_host_types::http::Request;
use trigger_host_types::log::Level;
use trigger_host_types::{Event, EventKind};
use wasmtime::Store;
use wasmtime::component::{HasSelf, Instance, Linker};

use bindings::trigger_host::host::{http, logging};
use bindings::trigger_host::trigger::types as wit;

mod bindings {
    #![allow(missing_docs, unreachable_pub, unused_qualifications, dead_code, reason = "generated")]

    wasmtime::component::bindgen!({
        path: "tests/it/v0_2/wit",
        world: "poll-trigger",
        imports: {
            "trigger-host:host/logging": trappable,
            default: async | trappable,
        },
        exports: { default: async },
    });
}

/// The room.
pub(crate) struct Room;

type Params = (wit::Context, String, Option<String>);

struct Exported {
    poll: Export<Params, (Result<wit::Outcome, String>,)>,
    on_kill: Export<Params, (Result<(), String>,)>,
}

impl Version for Room {
    fn number(&self) -> &'static str {
        "0.2.0"
    }

    fn interfaces(&self) -> &'static [Interface] {
        &[Interface::Logging, Interface::Http]
    }

    fn types(&self) -> &'static [&'static str] {
        &["trigger-host:trigger/types"]
    }

    fn world(&self, exports: &Found<'_>) -> Option<(World, String)> {
        Some((World { kind: Kind::Poller, is_described: false }, exports.version("poller")?))
    }

    fn link(&self, linker: &mut Linker<State>) -> wasmtime::Result<()> {
        logging::add_to_linker::<State, HasSelf<State>>(linker, |state| state)?;
        http::add_to_linker::<State, HasSelf<State>>(linker, |state| state)
    }

    fn manifest(&self, _: &Exports<'_>) -> Result<Arc<dyn ManifestExports>, String> {
        Err("this version has no manifest".to_owned())
    }

    fn poller(&self, exports: &Exports<'_>) -> Result<Arc<dyn PollerExports>, String> {
        const POLLER: &str = "trigger-host:trigger/poller@0.2.0";
        let (poll, on_kill) = (exports.function(POLLER, "poll")?, exports.function(POLLER, "on-kill")?);
        Ok(Arc::new(Exported { poll, on_kill }))
    }

    fn subscriber(&self, _: &Exports<'_>) -> Result<Arc<dyn SubscriberExports>, String> {
        Err("this version has no subscribers".to_owned())
    }

    fn producer(&self, _: &Exports<'_>) -> Result<Arc<dyn ProducerExports>, String> {
        Err("this version has no producers".to_owned())
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
        Ok(given.map(outcome).map_err(GuestError::Other))
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
        Ok(given.map_err(GuestError::Other))
    }
}

impl From<Context> for wit::Context {
    fn from(context: Context) -> Self {
        Self { trigger_id: u64::try_from(context.trigger_id.0).unwrap_or(0), called_at: context.now }
    }
}

fn outcome(given: wit::Outcome) -> Outcome {
    Outcome {
        events: given.events.into_iter().map(|event| Event { payload: event.payload, kind: EventKind::Fire }).collect(),
        checkpoint: given.checkpoint,
        next: match given.next {
            wit::Next::After(ms) => Next::After(Duration::from_millis(ms)),
            wit::Next::Finished => Next::Finished,
        },
    }
}

impl logging::Host for State {
    fn log(&mut self, message: String) -> wasmtime::Result<()> {
        self.write_log(Level::Info, &message, std::iter::empty());
        Ok(())
    }
}

impl http::Host for State {
    async fn get(&mut self, url: String) -> wasmtime::Result<Result<Vec<u8>, String>> {
        let (method, headers) = ("GET".to_owned(), Vec::new());
        let request = Request { method, url, headers, body: None, connection: None, timeout: None };
        Ok(self.http_send(request).await?.map(|answer| answer.body).map_err(|error| error.to_string()))
    }
}
