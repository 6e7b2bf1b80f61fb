//! From native code to something that can be called: links the imports, has the version look up the exports, counts the
//! slots.

use std::sync::Arc;

use trigger_host_types::Digest;
use wasmtime::component::{Component as Native, Linker};

use super::error::LoadError;
use crate::log::quoted;
use crate::shared::{Compiled, Exported};
use crate::state::State;
use crate::version::{Exports, Kind, Version, World};

/// Links a component. `slots` is how many a sandbox has.
pub(crate) fn link(
    name: &str,
    digest: Digest,
    (version, world): (&dyn Version, World),
    native: &Native,
    linker: &Linker<State>,
    slots: usize,
) -> Result<Arc<Compiled>, LoadError> {
    let misfit = |reason: String| LoadError::WrongShape { name: name.to_owned(), version: version.number(), reason };
    let pre = linker.instantiate_pre(native).map_err(|error| misfit(quoted(format_args!("{error:#}"))))?;
    let memories = native.resources_required().map_or(1, |required| required.num_memories).max(1);
    if memories as usize > slots {
        return Err(LoadError::TooMany { name: name.to_owned(), what: "memories", limit: slots });
    }
    let found = Exports::new(native, &pre);
    let manifest = world.is_described.then(|| version.manifest(&found)).transpose().map_err(misfit)?;
    let exports = match world.kind {
        Kind::Poller => version.poller(&found).map(Exported::Poller),
        Kind::Subscriber => version.subscriber(&found).map(Exported::Subscriber),
        Kind::Producer => version.producer(&found).map(Exported::Producer),
    };
    let exports = exports.map_err(misfit)?;
    Ok(Arc::new(Compiled { digest, world, pre, slots: memories, manifest, exports }))
}
