//! A trigger that is polled.

use std::sync::Arc;

use super::common::{Core, finish};
use crate::answer;
use crate::call::{Call, Ended, Outcome};
use crate::version::PollerExports;

/// A component that is polled. Cheap to clone.
#[derive(Clone)]
pub struct Poller {
    core: Core,
    exports: Arc<dyn PollerExports>,
}

impl Poller {
    pub(super) fn new(exports: Arc<dyn PollerExports>, core: Core) -> Self {
        Self { core, exports }
    }

    pub(super) fn core(&self) -> &Core {
        &self.core
    }

    /// Calls `poll` on a fresh instance, which is gone when this returns.
    ///
    /// # Cancel safety
    /// Dropping the future ends the call and its instance within a tick.
    pub async fn poll(&self, call: Call) -> Ended<Outcome> {
        let Call { context, kwargs, checkpoint, limits, host } = call;
        let (exports, own) = (Arc::clone(&self.exports), Arc::clone(&limits));
        let ended = self
            .core
            .call(own, host, move |store, instance| exports.poll(store, instance, context, kwargs, checkpoint))
            .await;
        finish(ended, "poll", |given| answer::check_outcome(given, &limits))
    }

    /// Calls `on-kill` on a fresh instance, which is gone when this returns.
    ///
    /// # Cancel safety
    /// As for `poll`.
    pub async fn on_kill(&self, call: Call) -> Ended<()> {
        let Call { context, kwargs, checkpoint, limits, host } = call;
        let exports = Arc::clone(&self.exports);
        finish(
            self.core
                .call(limits, host, move |store, instance| {
                    exports.on_kill(store, instance, context, kwargs, checkpoint)
                })
                .await,
            "on-kill",
            Ok,
        )
    }
}
