//! What triggers of shared streams read: the catalog's sources, made for one group at a time.
//!
//! Owns the table that is ready to be used. Invariants: a trigger gets what the operator's entry gives and nothing
//! beside it; making an upstream opens nothing.

mod exchange;
mod guest;

use std::collections::HashMap;
use std::sync::Arc;

use broker::HttpGrant;
use serde_json::Value;
use sources::{Access, Settings, Wanted};
use stream_rules::Policy;
use supervisor::{NoUpstreams, Upstream, UpstreamRefused, Upstreams, WantedUpstream};

use self::exchange::Granted;
pub(crate) use self::guest::Component;
use crate::catalog::Rules;

/// The operator's sources, loaded.
#[derive(Default)]
pub(crate) struct Table(HashMap<String, Entry>);

struct Entry {
    rules: Rules,
    reads: Reads,
}

/// What a source reads.
pub(crate) enum Reads {
    /// What the host reads itself, with these grants for its HTTP requests.
    Native(Settings, Arc<[HttpGrant]>),
    /// What a component makes of its grants.
    Guest(Component),
}

impl Table {
    /// Adds one.
    pub(crate) fn insert(&mut self, name: String, rules: Rules, reads: Reads) {
        self.0.insert(name, Entry { rules, reads });
    }
}

impl Upstreams for Table {
    fn is_shared_across_classes(&self, source: &str) -> bool {
        self.0.get(source).is_some_and(|entry| entry.rules.is_shared_across_classes)
    }

    fn make(&self, wanted: WantedUpstream<'_>) -> Result<Upstream, UpstreamRefused> {
        let Some(Entry { rules, reads }) = self.0.get(wanted.source) else { return NoUpstreams.make(wanted) };
        match reads {
            Reads::Native(settings, http) => native(settings, http, rules.policy, &wanted),
            Reads::Guest(component) => Ok(guest::make(component, rules.policy, &wanted)),
        }
    }
}

fn native(
    settings: &Settings,
    http: &Arc<[HttpGrant]>,
    policy: Policy,
    wanted: &WantedUpstream<'_>,
) -> Result<Upstream, UpstreamRefused> {
    let parameters: Value = serde_json::from_str(wanted.parameters).map_err(|error| {
        UpstreamRefused(format!("source `{}`: the parameters of the stream are not JSON: {error}", wanted.source))
    })?;
    let access = Access {
        connections: Arc::clone(&wanted.connections),
        exchange: Arc::new(Granted::new(wanted.broker.clone(), Arc::clone(http))),
    };
    let wanted = Wanted { source: wanted.source, parameters: &parameters, key: wanted.key };
    let source = settings.make(wanted, access).map_err(|error| UpstreamRefused(error.to_string()))?;
    Ok(Upstream { producer: source.producer, mode: source.mode, policy })
}

#[cfg(test)]
pub(crate) mod tests;
