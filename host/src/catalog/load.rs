//! From entries to components that can be called: compiled (or taken from the cache) and linked, all at once.

use std::collections::HashMap;
use std::sync::Arc;

use sandbox::{Component, LoadError, Producer, Sandbox};
use settings::setting::Setting as _;
use settings::{Problems, Settings};
use supervisor::Class;
use tokio::task::JoinSet;

use super::components::Ready;
use super::entry::{Catalog, Entry, Guest, Owner, Reads, SourceEntry};
use crate::upstreams::{self, Table};

/// What was loaded so far.
#[derive(Default)]
struct Loaded {
    classes: supervisor::Catalog,
    sources: Table,
}

impl Loaded {
    /// Makes of a component what its entry says, or says why it cannot be that.
    fn insert(&mut self, owner: Owner<'_>, guest: &Guest, component: &Component) -> Result<(), String> {
        let (name, world) = (component.name(), component.world());
        match (owner, component) {
            (Owner::Trigger(_), Component::Producer(_)) => Err(format!(
                "`{name}` is a {world}, not a trigger: use it in a [sources.NAME] with `kind = \"component\"`"
            )),
            (Owner::Trigger(entry), Component::Subscriber(_)) if entry.is_callback => Err(format!(
                "`{name}` is a {world}, but a callback cannot subscribe to a shared stream: map it with `classpath` instead"
            )),
            (Owner::Trigger(entry), Component::Poller(_) | Component::Subscriber(_)) => {
                self.class(entry, component.clone());
                Ok(())
            }
            (Owner::Source(source), Component::Producer(producer)) => {
                self.producer(source, guest, producer.clone());
                Ok(())
            }
            (Owner::Source(_), Component::Poller(_) | Component::Subscriber(_)) => Err(format!(
                "`{name}` is a {world}, but a source must be a stream-producer: use it in a [[trigger]] instead"
            )),
        }
    }

    fn class(&mut self, entry: &Entry, component: Component) {
        let Guest { limits, http, airflow, .. } = &entry.guest;
        let class = Class {
            classpath: entry.classpath.clone(),
            component,
            limits: Arc::new(limits.clone()),
            http: http.clone().into(),
            airflow: Arc::new(airflow.clone()),
        };
        if entry.is_callback { self.classes.insert_callback(class) } else { self.classes.insert(class) }
    }

    fn producer(&mut self, source: &SourceEntry, guest: &Guest, producer: Producer) {
        let Guest { limits, http, .. } = guest;
        let reads = upstreams::Component { producer, limits: Arc::new(limits.clone()), http: http.clone().into() };
        self.sources.insert(source.name.clone(), source.rules, upstreams::Reads::Guest(reads));
    }

    /// The sources that no component reads.
    fn native(&mut self, catalog: &Catalog) {
        for source in &catalog.sources {
            if let Reads::Native { settings, http } = &source.reads {
                let reads = upstreams::Reads::Native(settings.as_ref().clone(), http.clone().into());
                self.sources.insert(source.name.clone(), source.rules, reads);
            }
        }
    }
}

/// Loads the components of all entries side by side; entries that name the same bytes and the same interfaces share
/// one. What the sandbox refuses goes to `problems`, once for each entry.
pub(crate) async fn load(
    sandbox: &Sandbox,
    catalog: &Catalog,
    ready: &[Ready<'_>],
    settings: &Settings,
    problems: &mut Problems,
) -> supervisor::Catalog {
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
                format!("exceeds `[sandbox] max-memory`, which is {}: lower this limit or raise that one", most.show());
            problems.error(catalog.problem(guest, guest.line, "limits.memory", what));
        }
        let place = started.get(&(one.digest, guest.allowed()));
        let what = match place.and_then(|place| components.get(place)) {
            Some(Ok(component)) => match loaded.insert(one.owner, guest, component) {
                Ok(()) => continue,
                Err(what) => what,
            },
            Some(Err(error)) => chain(error),
            None => continue,
        };
        problems.error(catalog.problem(guest, guest.component_line, "component", what));
    }
    loaded.classes.with_upstreams(Arc::new(loaded.sources))
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
