//! A component that is ready to be called.

use std::sync::Arc;

use trigger_host_types::Digest;

use crate::{Call, Description, EndReason, Ended, Limits, Outcome, World};

/// A component that is checked, compiled and linked. Cheap to clone.
#[derive(Clone)]
pub struct Component(Arc<Inner>);

struct Inner {
    name: String,
    digest: Digest,
    world: World,
}

impl Component {
    /// What the caller of `load` called it.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The digest of its wasm.
    pub fn digest(&self) -> Digest {
        self.0.digest
    }

    /// What it is.
    pub fn world(&self) -> World {
        self.0.world
    }

    /// What it says of itself; nothing when it has no manifest.
    pub async fn describe(&self, _limits: &Limits) -> Option<Result<Description, EndReason>> {
        unimplemented!()
    }

    /// Calls `poll` on a fresh instance.
    ///
    /// # Cancel safety
    /// Dropping the future ends the call and its instance within a tick.
    pub async fn poll(&self, _call: Call) -> Ended<Outcome> {
        unimplemented!()
    }

    /// Calls `on-kill` on a fresh instance.
    ///
    /// # Cancel safety
    /// As for `poll`.
    pub async fn on_kill(&self, _call: Call) -> Ended<()> {
        unimplemented!()
    }
}
