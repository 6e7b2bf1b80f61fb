//! From native code to something that can be called: links the imports, looks up and checks the exports, counts the slots.

use std::sync::Arc;

use trigger_host_types::Digest;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{
    Component as Native, ComponentExportIndex, ComponentNamedList, InstancePre, Lift, Linker, Lower,
};

use super::{LoadError, World};
use crate::bindings::exports::trigger_host::trigger::manifest;
use crate::bindings::trigger_host::trigger::types as wit;
use crate::component::{CallParams, Compiled, Exports};
use crate::log::quoted;
use crate::state::State;

/// Interfaces are looked up by the version the host was built for; a compatible one is found.
const POLLER: &str = "trigger-host:trigger/poller@0.1.0";
const MANIFEST: &str = "trigger-host:trigger/manifest@0.1.0";

/// Links a component. `slots` is how many a sandbox has.
pub(crate) fn link(
    name: &str,
    digest: Digest,
    world: World,
    native: &Native,
    linker: &Linker<State>,
    slots: usize,
) -> Result<Arc<Compiled>, LoadError> {
    let wrong = |reason: String| LoadError::WrongShape { name: name.to_owned(), reason };
    let pre = linker.instantiate_pre(native).map_err(|error| wrong(quoted(format_args!("{error:#}"))))?;
    let memories = native.resources_required().map_or(1, |required| required.num_memories).max(1);
    if memories as usize > slots {
        return Err(LoadError::TooMany { name: name.to_owned(), what: "memories", limit: slots });
    }
    let exports = Checker { native, pre: &pre }.exports(world).map_err(wrong)?;
    Ok(Arc::new(Compiled::new(digest, world, pre, exports, memories)))
}

struct Checker<'a> {
    native: &'a Native,
    pre: &'a InstancePre<State>,
}

impl Checker<'_> {
    fn exports(&self, world: World) -> Result<Exports, String> {
        let describe = match world {
            World::DescribedPollTrigger => Some(self.function::<(), (manifest::Description,)>(MANIFEST, "describe")?),
            World::PollTrigger => None,
        };
        Ok(Exports {
            poll: self.function::<CallParams, (Result<wit::Outcome, wit::Error>,)>(POLLER, "poll")?,
            on_kill: self.function::<CallParams, (Result<(), wit::Error>,)>(POLLER, "on-kill")?,
            describe,
        })
    }

    /// Finds a function and checks its type, so that no call finds out.
    fn function<P, R>(&self, interface: &str, function: &str) -> Result<ComponentExportIndex, String>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift,
    {
        let missing = || format!("it does not export `{interface}#{function}`");
        let (_, instance) = self.native.get_export(None, interface).ok_or_else(missing)?;
        let (item, index) = self.native.get_export(Some(&instance), function).ok_or_else(missing)?;
        let ComponentItem::ComponentFunc(found) = item else { return Err(missing()) };
        found
            .typecheck::<P, R>(&self.pre.instance_type())
            .map_err(|error| quoted(format_args!("`{interface}#{function}` has other types: {error:#}")))?;
        Ok(index)
    }
}
