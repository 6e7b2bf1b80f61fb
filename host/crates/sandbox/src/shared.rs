//! What all calls of one sandbox share, and what all components of one digest share.

use std::sync::Arc;

use tokio::sync::Semaphore;
use trigger_host_types::{Clock, Digest};
use wasmtime::Engine;
use wasmtime::component::InstancePre;

use crate::heavy_lane::HeavyLane;
use crate::room::Room;
use crate::runtime::GuestRuntime;
use crate::state::State;
use crate::ticker::Ticker;
use crate::version::{ManifestExports, PollerExports, ProducerExports, SubscriberExports, World};

/// What calls need.
pub(crate) struct Shared {
    // In the order of their end: no guest runs when the ticker stops.
    pub(crate) runtime: GuestRuntime,
    pub(crate) ticker: Ticker,
    pub(crate) engine: Engine,
    pub(crate) lane: HeavyLane,
    /// Calls in flight: each holds as many as its component has memories.
    pub(crate) slots: Arc<Semaphore>,
    /// For filters between their calls.
    pub(crate) room: Room,
    pub(crate) max_memory: u64,
    pub(crate) clock: Arc<dyn Clock>,
}

/// What all components of one digest share.
pub(crate) struct Compiled {
    pub(crate) digest: Digest,
    pub(crate) world: World,
    pub(crate) pre: InstancePre<State>,
    /// How many slots of the pool an instance takes.
    pub(crate) slots: u32,
    pub(crate) manifest: Option<Arc<dyn ManifestExports>>,
    pub(crate) exports: Exported,
}

/// The exports of a component, looked up once.
pub(crate) enum Exported {
    Poller(Arc<dyn PollerExports>),
    Subscriber(Arc<dyn SubscriberExports>),
    Producer(Arc<dyn ProducerExports>),
}
