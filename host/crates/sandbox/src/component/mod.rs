//! A component that is ready to be called: one of the three kinds, each with the calls it has.

mod common;
mod poller;
mod producer;
mod subscriber;

use std::sync::Arc;

use trigger_host_types::Digest;

use crate::answer;
use crate::call::{Description, EndReason, Limits, NoHost};
use crate::shared::{Compiled, Exported, Shared};
use crate::version::World;
use common::{Core, finish};

pub use poller::Poller;
pub use producer::Producer;
pub use subscriber::{Filter, Subscriber};

/// A component that is checked, compiled and linked. Cheap to clone.
#[derive(Clone)]
pub enum Component {
    /// A trigger that is polled.
    Poller(Poller),
    /// A trigger that filters a shared stream.
    Subscriber(Subscriber),
    /// An upstream.
    Producer(Producer),
}

impl Component {
    pub(crate) fn new(name: &str, compiled: Arc<Compiled>, shared: Arc<Shared>) -> Self {
        let core = Core { name: name.into(), compiled, shared };
        match &core.compiled.exports {
            Exported::Poller(exports) => Self::Poller(Poller::new(Arc::clone(exports), core)),
            Exported::Subscriber(exports) => Self::Subscriber(Subscriber::new(Arc::clone(exports), core)),
            Exported::Producer(exports) => Self::Producer(Producer::new(Arc::clone(exports), core)),
        }
    }

    fn core(&self) -> &Core {
        match self {
            Self::Poller(poller) => poller.core(),
            Self::Subscriber(subscriber) => subscriber.core(),
            Self::Producer(producer) => producer.core(),
        }
    }

    /// What the caller of `load` called it.
    pub fn name(&self) -> &str {
        &self.core().name
    }

    /// The digest of its wasm.
    pub fn digest(&self) -> Digest {
        self.core().compiled.digest
    }

    /// What it is.
    pub fn world(&self) -> World {
        self.core().compiled.world
    }

    /// What it says about itself, asked without grants; none when it does not have a manifest.
    ///
    /// # Errors
    /// When the call ends without an answer, or with one that cannot be used.
    pub async fn describe(&self, limits: &Limits) -> Option<Result<Description, EndReason>> {
        let core = self.core();
        let manifest = Arc::clone(core.compiled.manifest.as_ref()?);
        let own = Arc::new(limits.clone());
        let ended = core.call(own, Arc::new(NoHost), move |store, instance| manifest.describe(store, instance)).await;
        Some(finish(ended, "describe", |given| answer::check_description(given, limits)).result)
    }
}
