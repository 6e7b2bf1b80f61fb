//! Version 0.1 of the interface: everything that knows its WIT, and nothing else does.
//!
//! Owns the bindings, where the exports are, the imports, and the conversion of what goes into a guest and what comes
//! out. It only converts: what is refused, counted and checked is decided outside, for every version alike.

mod bindings;
mod convert;
mod imports;
mod poller;
mod producer;
mod subscriber;

use std::sync::Arc;

use async_trait::async_trait;
use trigger_host_types::imports::Interface;
use wasmtime::Store;
use wasmtime::component::{Instance, Linker};

use crate::call::Description;
use crate::state::State;
use crate::version::{
    Export, Exports, Found, Given, Kind, ManifestExports, PollerExports, ProducerExports, SubscriberExports, Version,
    World,
};
use bindings::exports::trigger_host::trigger::manifest;

const MANIFEST: &str = "trigger-host:trigger/manifest@0.1.0";

/// See the module.
pub(crate) struct Room;

impl Version for Room {
    fn number(&self) -> &'static str {
        "0.1.0"
    }

    fn interfaces(&self) -> &'static [Interface] {
        &Interface::ALL
    }

    fn types(&self) -> &'static [&'static str] {
        &["trigger-host:host/runtime", "trigger-host:trigger/types", "trigger-host:trigger/messages"]
    }

    fn world(&self, exports: &Found<'_>) -> Option<(World, String)> {
        let is_described = exports.version("manifest").is_some();
        let (kind, version) = if let Some(version) = exports.version("poller") {
            (Kind::Poller, version)
        } else if let Some(version) = exports.version("subscriber") {
            (Kind::Subscriber, version)
        } else {
            let (reader, _) = (exports.version("reader")?, exports.version("acker")?);
            (Kind::Producer, reader)
        };
        Some((World { kind, is_described }, version))
    }

    fn link(&self, linker: &mut Linker<State>) -> wasmtime::Result<()> {
        imports::link(linker)
    }

    fn manifest(&self, exports: &Exports<'_>) -> Result<Arc<dyn ManifestExports>, String> {
        Ok(Arc::new(Describes { describe: exports.function(MANIFEST, "describe")? }))
    }

    fn poller(&self, exports: &Exports<'_>) -> Result<Arc<dyn PollerExports>, String> {
        Ok(Arc::new(poller::Exported::find(exports)?))
    }

    fn subscriber(&self, exports: &Exports<'_>) -> Result<Arc<dyn SubscriberExports>, String> {
        Ok(Arc::new(subscriber::Exported::find(exports)?))
    }

    fn producer(&self, exports: &Exports<'_>) -> Result<Arc<dyn ProducerExports>, String> {
        Ok(Arc::new(producer::Exported::find(exports)?))
    }
}

/// The manifest's export.
struct Describes {
    describe: Export<(), (manifest::Description,)>,
}

#[async_trait]
impl ManifestExports for Describes {
    async fn describe(self: Arc<Self>, store: &mut Store<State>, instance: &Instance) -> Given<Description> {
        let (manifest::Description { summary, kwargs_schema },) = self.describe.call(store, instance, ()).await?;
        Ok(Ok(Description { summary, kwargs_schema }))
    }
}
