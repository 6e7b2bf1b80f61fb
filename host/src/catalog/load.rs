//! From entries to components that can be called: compiled (or taken from the cache) and linked, all at once.

use std::collections::HashMap;
use std::sync::Arc;

use sandbox::{Component, LoadError, Sandbox};
use supervisor::Class;
use tokio::task::JoinSet;

use super::components::Ready;
use super::entry::{Catalog, Entry, Guest, Owner, Reads, SourceEntry};
use crate::config::Settings;
use crate::problems::Problems;
use crate::setting::Setting as _;
use crate::upstreams::{self, FromCatalog, Table, WayOut};

/// A catalog whose components are loaded.
#[derive(Default)]
pub(crate) struct Loaded {
    classes: supervisor::Catalog,
    sources: Table,
}

impl Loaded {
    /// Ready to run: its sources are reached by `way_out`.
    pub(crate) fn ready(self, way_out: WayOut) -> supervisor::Catalog {
        self.classes.with_upstreams(Arc::new(FromCatalog::new(self.sources, way_out)))
    }

    fn class(&mut self, entry: &Entry, component: Component) {
        let Guest { limits, http, runtime, .. } = &entry.guest;
        let class = Class {
            classpath: entry.classpath.clone(),
            component,
            limits: Arc::new(limits.clone()),
            http: http.clone().into(),
            runtime: Arc::new(runtime.clone()),
        };
        if entry.is_callback { self.classes.insert_callback(class) } else { self.classes.insert(class) }
    }

    fn producer(&mut self, source: &SourceEntry, guest: &Guest, component: Component) {
        let Guest { limits, http, .. } = guest;
        let reads = upstreams::Component { component, limits: Arc::new(limits.clone()), http: http.clone().into() };
        self.source(source, upstreams::Reads::Guest(reads));
    }

    fn source(&mut self, source: &SourceEntry, reads: upstreams::Reads) {
        self.sources.entries.insert(source.name.clone(), upstreams::Entry { policy: source.policy, reads });
    }

    /// The sources that no component reads.
    fn native(&mut self, catalog: &Catalog) {
        let mut kinds = Vec::new();
        for source in &catalog.sources {
            if let Reads::Native { kind, http } = &source.reads {
                kinds.push((source.name.clone(), kind.as_ref().clone()));
                self.source(source, upstreams::Reads::Native(http.clone().into()));
            }
        }
        self.sources.native = kinds.into_iter().collect();
    }
}

/// Loads the components of all entries side by side; entries that name the same bytes and the same interfaces share one. What the sandbox
/// refuses goes to `problems`, once for each entry.
pub(crate) async fn load(
    sandbox: &Sandbox,
    catalog: &Catalog,
    ready: &[Ready<'_>],
    settings: &Settings,
    problems: &mut Problems,
) -> Loaded {
    let mut loads = JoinSet::new();
    let mut started = HashMap::new();
    for one in ready {
        let allowed = one.guest.allowed();
        let next = started.len();
        let key = (one.digest, allowed);
        if started.contains_key(&key) {
            continue;
        }
        started.insert(key, next);
        let (sandbox, wasm) = (sandbox.clone(), Arc::clone(&one.wasm));
        let name = one.guest.component.display().to_string();
        loads.spawn(async move { (next, sandbox.load(&name, &wasm, &allowed).await) });
    }
    let components: HashMap<usize, Result<Component, LoadError>> = loads.join_all().await.into_iter().collect();
    let mut loaded = Loaded::default();
    loaded.native(catalog);
    let most = settings.sandbox.max_memory;
    for one in ready {
        let guest = one.guest;
        if guest.limits.memory > most.0 {
            let what =
                format!("more than `[sandbox] max-memory`, which is {}: lower the one or raise the other", most.show());
            problems.error(catalog.problem(guest, guest.line, "limits.memory", what));
        }
        let place = started.get(&(one.digest, guest.allowed()));
        let what = match place.and_then(|place| components.get(place)) {
            Some(Ok(component)) => match (misplaced(one.owner, component), one.owner) {
                (Some(what), _) => what,
                (None, Owner::Trigger(entry)) => {
                    loaded.class(entry, component.clone());
                    continue;
                }
                (None, Owner::Source(source)) => {
                    loaded.producer(source, guest, component.clone());
                    continue;
                }
            },
            Some(Err(error)) => chain(error),
            None => continue,
        };
        problems.error(catalog.problem(guest, guest.component_line, "component", what));
    }
    loaded
}

/// Why a component of this world cannot be what the entry makes of it.
fn misplaced(owner: Owner<'_>, component: &Component) -> Option<String> {
    let (name, world) = (component.name(), component.world());
    match owner {
        Owner::Trigger(_) if world.is_producer() => {
            Some(format!("`{name}` is a {world}, no trigger: name it in a [sources.NAME] with `kind = \"component\"`"))
        }
        Owner::Trigger(entry) if entry.is_callback && world.is_subscriber() => {
            Some(format!("`{name}` is a {world}, and a callback watches no shared stream: give it a `classpath`"))
        }
        Owner::Source(_) if !world.is_producer() => {
            Some(format!("`{name}` is a {world}, and a source has to be a stream-producer: name it in a [[trigger]]"))
        }
        _ => None,
    }
}

/// The error and its causes on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}
