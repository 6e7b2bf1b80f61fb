//! From entries to components that can be called: compiled (or taken from the cache) and linked, all at once.

use std::collections::HashMap;
use std::sync::Arc;

use sandbox::{Component, LoadError, Sandbox};
use supervisor::Class;
use tokio::task::JoinSet;

use super::components::Ready;
use super::entry::Catalog;
use crate::config::Settings;
use crate::problems::Problems;
use crate::setting::Setting as _;

/// Loads the components of all entries side by side; entries that name the same bytes and the same interfaces share one. What the sandbox
/// refuses goes to `problems`, once for each entry.
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
        let allowed = one.entry.allowed();
        let next = started.len();
        let key = (one.digest, allowed);
        if started.contains_key(&key) {
            continue;
        }
        started.insert(key, next);
        let (sandbox, wasm) = (sandbox.clone(), Arc::clone(&one.wasm));
        let name = one.entry.component.display().to_string();
        loads.spawn(async move { (next, sandbox.load(&name, &wasm, &allowed).await) });
    }
    let loaded: HashMap<usize, Result<Component, LoadError>> = loads.join_all().await.into_iter().collect();
    let mut classes = supervisor::Catalog::default();
    let most = settings.sandbox.max_memory;
    for one in ready {
        let entry = one.entry;
        if entry.limits.memory > most.0 {
            let what =
                format!("more than `[sandbox] max-memory`, which is {}: lower the one or raise the other", most.show());
            problems.error(catalog.problem(entry, entry.line, "limits.memory", what));
        }
        let place = started.get(&(one.digest, entry.allowed()));
        match place.and_then(|place| loaded.get(place)) {
            Some(Ok(component)) => {
                let class = Class {
                    classpath: entry.classpath.clone(),
                    component: component.clone(),
                    limits: Arc::new(entry.limits.clone()),
                    http: entry.http.clone().into(),
                    runtime: Arc::new(entry.runtime.clone()),
                };
                if entry.is_callback { classes.insert_callback(class) } else { classes.insert(class) }
            }
            Some(Err(error)) => problems.error(catalog.problem(entry, entry.component_line, "component", chain(error))),
            None => {}
        }
    }
    classes
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
