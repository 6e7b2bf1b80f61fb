//! The engine, its pool of slots and its threads; and loading components into it.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use trigger_host_types::{Clock, Digest};
use wasmtime::Engine;
use wasmtime::component::Linker;

use crate::cache::Cache;
use crate::component::Compiled;
use crate::lane::Lane;
use crate::native::Artefact;
use crate::room::Room;
use crate::runtime::GuestRuntime;
use crate::state::State;
use crate::ticker::Ticker;
use crate::{
    Allowed, Compiler, Component, Config, Inspection, LoadError, StartError, compile, engine, imports, load, telemetry,
};

/// An engine with its pool of slots, its ticker and the runtime its guests run on. Cheap to clone; it ends when the last clone and the
/// last [`Component`] of it are gone.
#[derive(Clone)]
pub struct Sandbox {
    shared: Arc<Shared>,
    loader: Arc<Loader>,
}

/// What calls need.
pub(crate) struct Shared {
    // In the order of their end: no guest runs when the ticker stops.
    pub(crate) runtime: GuestRuntime,
    pub(crate) ticker: Ticker,
    pub(crate) engine: Engine,
    pub(crate) lane: Lane,
    /// Calls in flight: each holds as many as its component has memories.
    pub(crate) slots: Arc<Semaphore>,
    /// For filters between their calls.
    pub(crate) room: Room,
    pub(crate) max_memory: u64,
    pub(crate) clock: Arc<dyn Clock>,
}

/// What loading needs.
struct Loader {
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
        let wrong = |error: wasmtime::Error| StartError::Engine { slots: config.slots, reason: format!("{error:#}") };
        let linker = imports::linker(&engine).map_err(wrong)?;
        let cache = config.cache.as_deref().and_then(|folder| Cache::open(folder, &engine));
        let shared = Shared {
            runtime: GuestRuntime::start(config.workers).map_err(StartError::Thread)?,
            ticker: Ticker::start(engine.clone(), config.tick).map_err(StartError::Thread)?,
            engine,
            lane: Lane::new(),
            slots: Arc::new(Semaphore::new(config.slots)),
            room: Room::beside(config.slots, engine::MOST_SLOTS),
            max_memory: config.max_memory,
            clock: config.clock,
        };
        let loader = Loader {
            linker,
            cache,
            compiler: config.compiler,
            slots: config.slots,
            loaded: Mutex::default(),
            compiling: Mutex::default(),
        };
        Ok(Self { shared: Arc::new(shared), loader: Arc::new(loader) })
    }

    /// Checks, compiles (or takes from the cache) and links a component. `name` is for people: it appears in errors. Components of one
    /// digest share their code.
    ///
    /// # Errors
    /// When the component cannot be used, wants what no grant gives, or wants what `allowed` does not hold: the full list.
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

    /// The runtime guests run on. A task of it that calls [`Component::poll`] runs the guest in place, on its own worker: the way to make
    /// very many calls without a task for each.
    pub fn handle(&self) -> &Handle {
        self.shared.runtime.handle()
    }
}

impl Loader {
    fn load(&self, name: &str, wasm: &[u8], allowed: &Allowed, engine: &Engine) -> Result<Arc<Compiled>, LoadError> {
        let inspection = load::read(name, wasm)?;
        load::admit(name, &inspection, allowed)?;
        let _turn = self.compiling.lock();
        if let Some(compiled) = self.loaded.lock().get(&inspection.digest).and_then(Weak::upgrade) {
            telemetry::loaded("memory");
            return Ok(compiled);
        }
        let native = self.native(name, wasm, &inspection, engine)?;
        let compiled = load::link(name, inspection.digest, inspection.world, &native, &self.linker, self.slots)?;
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
        inspection: &Inspection,
        engine: &Engine,
    ) -> Result<wasmtime::component::Component, LoadError> {
        let cached = self.cache.as_ref().and_then(|cache| cache.get(&inspection.digest));
        if let Some(native) = cached.and_then(|artefact| artefact.ready(engine).ok()) {
            telemetry::loaded("cache");
            return Ok(native);
        }
        let artefact: Artefact = compile::compile(name, wasm, &self.compiler)?;
        let native = artefact
            .ready(engine)
            .map_err(|error| LoadError::Compile { name: name.to_owned(), reason: format!("{error:#}") })?;
        telemetry::loaded("compiler");
        if let Some(cache) = &self.cache {
            cache.put(&inspection.digest, &artefact);
        }
        Ok(native)
    }
}
