//! What triggers of shared streams read: the catalog's sources, made for one group at a time.
//!
//! Owns the table that is ready to be used. Invariants: a trigger gets what the operator's entry gives and nothing beside it; making an
//! upstream opens nothing; a credential is fetched in the name of the trigger that asks, and its secrets are made known before it is used.

mod exchange;
mod guest;

use std::collections::BTreeMap;
use std::sync::Arc;

use broker::{Broker, HttpGrant};
use logs::Masker;
use serde_json::Value;
use sources::{Access, Sources, Wanted};
use streams::Policy;
use supervisor::{NoUpstreams, Upstream, UpstreamRefused, Upstreams, WantedUpstream};

use self::exchange::{Granted, lending};
pub(crate) use self::guest::Component;

/// The operator's sources, loaded.
#[derive(Default)]
pub(crate) struct Table {
    /// Those that the host reads itself.
    pub(crate) native: Sources,
    /// All of them.
    pub(crate) entries: BTreeMap<String, Entry>,
}

/// One source, loaded.
pub(crate) struct Entry {
    /// The rules of its streams.
    pub(crate) policy: Policy,
    /// What is read.
    pub(crate) reads: Reads,
}

/// What a source reads.
pub(crate) enum Reads {
    /// What [`Table::native`] says, with these grants for its HTTP requests.
    Native(Arc<[HttpGrant]>),
    /// What a component makes of its grants.
    Guest(Component),
}

/// What sources need of the running host. Cheap to clone.
#[derive(Clone)]
pub(crate) struct WayOut {
    /// Sends HTTP requests.
    pub(crate) broker: Broker,
    /// Learns the secrets of connections.
    pub(crate) masker: Masker,
}

/// The table, and the way out.
pub(crate) struct FromCatalog {
    table: Table,
    way_out: WayOut,
}

impl FromCatalog {
    /// The sources of `table`, reached by `way_out`.
    pub(crate) const fn new(table: Table, way_out: WayOut) -> Self {
        Self { table, way_out }
    }
}

impl Upstreams for FromCatalog {
    fn make(&self, wanted: WantedUpstream<'_>) -> Result<Upstream, UpstreamRefused> {
        let Some(entry) = self.table.entries.get(wanted.source) else { return NoUpstreams.make(wanted) };
        match &entry.reads {
            Reads::Native(http) => native(&self.table.native, &self.way_out, http, entry.policy, &wanted),
            Reads::Guest(component) => guest::make(component, &self.way_out, entry.policy, &wanted),
        }
    }
}

fn native(
    sources: &Sources,
    way_out: &WayOut,
    http: &Arc<[HttpGrant]>,
    policy: Policy,
    wanted: &WantedUpstream<'_>,
) -> Result<Upstream, UpstreamRefused> {
    let parameters: Value = serde_json::from_str(wanted.parameters).map_err(|error| {
        UpstreamRefused(format!("source `{}`: the parameters of the stream are not JSON: {error}", wanted.source))
    })?;
    let access = Access {
        connections: Arc::clone(&wanted.connections),
        exchange: Arc::new(Granted::new(lending(way_out, wanted), Arc::clone(http))),
    };
    let asked = Wanted { source: wanted.source, parameters: &parameters, key: wanted.key };
    let source = sources.make(asked, access).map_err(|error| UpstreamRefused(error.to_string()))?;
    Ok(Upstream { producer: source.producer, mode: source.mode, policy })
}

#[cfg(test)]
pub(crate) mod tests;
