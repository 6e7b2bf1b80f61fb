//! From native code to something that can be called: links the imports, looks up and checks the exports, counts the slots.

use std::sync::Arc;

use trigger_host_types::Digest;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{
    Component as Native, ComponentExportIndex, ComponentNamedList, InstancePre, Lift, Linker, Lower, ResourceAny,
};

use super::{LoadError, World};
use crate::bindings::exports::trigger_host::trigger::manifest;
use crate::bindings::producer::exports::trigger_host::trigger::reader;
use crate::bindings::stream::exports::trigger_host::trigger::subscriber;
use crate::bindings::trigger_host::trigger::types as wit;
use crate::component::{CallParams, Calls, Compiled, Exports};
use crate::filter::{EvaluateParams, Evaluated, FilterParams};
use crate::log::quoted;
use crate::producer::{AdvanceAnswer, AdvanceParams, ExtendParams, ReadParams};
use crate::state::State;

/// Interfaces are looked up by the version the host was built for; a compatible one is found.
const POLLER: &str = "trigger-host:trigger/poller@0.1.0";
const SUBSCRIBER: &str = "trigger-host:trigger/subscriber@0.1.0";
const READER: &str = "trigger-host:trigger/reader@0.1.0";
const ACKER: &str = "trigger-host:trigger/acker@0.1.0";
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
        let manifest = match world.is_described() {
            true => Some(self.function::<(), (manifest::Description,)>(MANIFEST, "describe")?),
            false => None,
        };
        let calls = match world {
            World::PollTrigger | World::DescribedPollTrigger => Calls::Poll {
                poll: self.function::<CallParams, (Result<wit::Outcome, wit::Error>,)>(POLLER, "poll")?,
                on_kill: self.function::<CallParams, (Result<(), wit::Error>,)>(POLLER, "on-kill")?,
            },
            World::StreamTrigger | World::DescribedStreamTrigger => Calls::Subscriber {
                describe: self
                    .function::<(String,), (Result<subscriber::Stream, wit::Error>,)>(SUBSCRIBER, "describe")?,
                filter: self.function::<FilterParams, (ResourceAny,)>(SUBSCRIBER, "[constructor]filter")?,
                evaluate: self.function::<EvaluateParams, Evaluated>(SUBSCRIBER, "[method]filter.evaluate")?,
            },
            World::StreamProducer | World::DescribedStreamProducer => Calls::Producer {
                read: self.function::<ReadParams, (Result<reader::Batch, wit::Error>,)>(READER, "read")?,
                advance: self.function::<AdvanceParams, AdvanceAnswer>(ACKER, "advance")?,
                extend: self.function::<ExtendParams, (Result<(), wit::Error>,)>(ACKER, "extend")?,
            },
        };
        Ok(Exports { manifest, calls })
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
