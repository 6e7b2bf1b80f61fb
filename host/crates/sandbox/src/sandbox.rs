//! The engine, its pool of slots and its threads; and loading components into it.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use trigger_host_types::Digest;
use trigger_host_types::imports::Allowed;
use wasmtime::Engine;
use wasmtime::component::Linker;

use crate::cache::Cache;
use crate::component::Component;
use crate::config::{Compiler, Config, StartError};
use crate::heavy_lane::HeavyLane;
use crate::imports::link_wasi;
use crate::load::{self, LoadError};
use crate::native::Artefact;
use crate::room::Room;
use crate::runtime::GuestRuntime;
use crate::shared::{Compiled, Shared};
use crate::state::State;
use crate::ticker::Ticker;
use crate::versions::Versions;
use crate::{compile, engine, telemetry};

/// An engine with its pool of slots, its ticker and the runtime its guests run on. Cheap to clone; it ends when the
/// last clone and the last [`Component`] of it are gone.
#[derive(Clone)]
pub struct Sandbox {
    shared: Arc<Shared>,
    loader: Arc<Loader>,
}

/// What loading needs.
struct Loader {
    versions: Versions,
    linker: Linker<State>,
    cache: Option<Cache>,
    compiler: Compiler,
    slots: usize,
    loaded: Mutex<HashMap<Digest, Weak<Compiled>>>,
    /// One component compiles at a time: it is bounded work, and two of the same would be waste.
    compiling: Mutex<()>,
}

impl Sandbox {
    /// Starts the engine and its threads.
    ///
    /// # Errors
    /// When a setting makes no sense or the machine cannot hold the slots.
    pub fn start(config: Config) -> Result<Self, StartError> {
        let engine = engine::start(&config)?;
        let misfit = |error: wasmtime::Error| StartError::Engine { slots: config.slots, reason: format!("{error:#}") };
        let linker = linker(&engine, &config.versions).map_err(misfit)?;
        let cache = config.cache.as_deref().and_then(|folder| Cache::open(folder, &engine));
        let shared = Shared {
            runtime: GuestRuntime::start(config.workers).map_err(StartError::Thread)?,
            ticker: Ticker::start(engine.clone(), config.tick).map_err(StartError::Thread)?,
            engine,
            lane: HeavyLane::new(),
            slots: Arc::new(Semaphore::new(config.slots)),
            room: Room::beside(config.slots, engine::MOST_SLOTS),
            max_memory: config.max_memory,
            clock: config.clock,
        };
        let loader = Loader {
            versions: config.versions,
            linker,
            cache,
            compiler: config.compiler,
            slots: config.slots,
            loaded: Mutex::default(),
            compiling: Mutex::default(),
        };
        Ok(Self { shared: Arc::new(shared), loader: Arc::new(loader) })
    }

    /// Checks, compiles (or takes from the cache) and links a component. `name` is for people: it appears in errors.
    /// Components of one digest share their code.
    ///
    /// # Errors
    /// When the component cannot be used, wants what no grant gives, or wants what `allowed` does not hold: the full
    /// list.
    pub async fn load(&self, name: &str, wasm: &[u8], allowed: &Allowed) -> Result<Component, LoadError> {
        let (loader, shared) = (Arc::clone(&self.loader), Arc::clone(&self.shared));
        let (own_name, wasm, allowed) = (name.to_owned(), wasm.to_vec(), *allowed);
        let work = self.shared.runtime.handle().spawn_blocking(move || {
            let compiled = loader.load(&own_name, &wasm, &allowed, &shared.engine)?;
            Ok(Component::new(&own_name, compiled, shared))
        });
        work.await.unwrap_or_else(|error| {
            let name = name.to_owned();
            Err(LoadError::CompilerProcess { name, source: std::io::Error::other(error) })
        })
    }

    /// The runtime guests run on. A task of it that calls [`Poller::poll`](crate::Poller::poll) runs the guest in
    /// place, on its own worker: the way to make very many calls without a task for each.
    pub fn handle(&self) -> &Handle {
        self.shared.runtime.handle()
    }
}

/// Links what guests of every version may import.
fn linker(engine: &Engine, versions: &Versions) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    link_wasi(&mut linker)?;
    versions.iter().try_for_each(|version| version.link(&mut linker))?;
    Ok(linker)
}

impl Loader {
    fn load(&self, name: &str, wasm: &[u8], allowed: &Allowed, engine: &Engine) -> Result<Arc<Compiled>, LoadError> {
        let (inspection, version) = load::read(name, wasm, &self.versions)?;
        load::admit(name, &inspection, allowed)?;
        let _turn = self.compiling.lock();
        if let Some(compiled) = self.loaded.lock().get(&inspection.digest).and_then(Weak::upgrade) {
            telemetry::count_load("memory");
            return Ok(compiled);
        }
        let native = self.native(name, wasm, &inspection.digest, engine)?;
        let what = (version, inspection.world);
        let compiled = load::link(name, inspection.digest, what, &native, &self.linker, self.slots)?;
        let mut loaded = self.loaded.lock();
        loaded.retain(|_, compiled| compiled.strong_count() > 0);
        loaded.insert(inspection.digest, Arc::downgrade(&compiled));
        Ok(compiled)
    }

    /// From the cache if it is there and fits, else compiled.
    fn native(
        &self,
        name: &str,
        wasm: &[u8],
        digest: &Digest,
        engine: &Engine,
    ) -> Result<wasmtime::component::Component, LoadError> {
        let cached = self.cache.as_ref().and_then(|cache| cache.get(digest));
        if let Some(native) = cached.and_then(|artefact| artefact.to_component(engine).ok()) {
            telemetry::count_load("cache");
            return Ok(native);
        }
        let artefact: Artefact = compile::compile(name, wasm, &self.compiler)?;
        let native = artefact
            .to_component(engine)
            .map_err(|error| LoadError::Compile { name: name.to_owned(), reason: format!("{error:#}") })?;
        telemetry::count_load("compiler");
        if let Some(cache) = &self.cache {
            cache.put(digest, &artefact);
        }
        Ok(native)
    }
}
