//! What a version of the interface has to bring, and how the rest of the sandbox calls what it brings.
//!
//! A version is a room of its own (`v0_1` is the first): its bindings, its imports, and the conversion of what goes
//! into a guest and comes out of it. Everything outside such a room speaks the neutral shapes of `call`. A room is made
//! known in [`Versions`](crate::Versions), and nowhere else.
//!
//! Invariants: a room only converts. Budgets, caps and grants are behind the methods of [`State`], the checks of
//! answers are `answer`'s, so that no version can do without them.

mod exports;
mod world;

use std::sync::Arc;

use async_trait::async_trait;
use trigger_host_types::UnixMs;
use trigger_host_types::imports::Interface;
use wasmtime::Store;
use wasmtime::component::{Instance, Linker};

use crate::call::{
    Advanced, Context, Demand, Description, GuestError, Outcome, ReadBatch, Settled, Stream, Upstream, Verdict,
};

pub use crate::state::State;
pub use exports::{Export, Exports};
pub use world::{Found, Kind, World};
pub(crate) use world::{is_of_series, series, versions_of};

/// What a guest gives: an answer that is not checked yet, or its own error; or the engine's error, when the call fails.
pub type Given<T> = wasmtime::Result<Result<T, GuestError>>;

/// One version of `trigger-host:trigger` and `trigger-host:host`.
pub trait Version: Send + Sync {
    /// Of both packages, such as `0.1.0`.
    fn number(&self) -> &'static str;

    /// The interfaces of `trigger-host:host` that this version has.
    fn interfaces(&self) -> &'static [Interface];

    /// Interfaces that hold types and nothing to call, with their package: a component may import them without a grant.
    fn types(&self) -> &'static [&'static str];

    /// Which world these exports make, and the version they are of.
    fn world(&self, exports: &Found<'_>) -> Option<(World, String)>;

    /// Links everything that guests of this version may import.
    ///
    /// # Errors
    /// When the linker knows something of that name already.
    fn link(&self, linker: &mut Linker<State>) -> wasmtime::Result<()>;

    /// Looks up the manifest.
    ///
    /// # Errors
    /// What is missing, or has another type.
    fn manifest(&self, exports: &Exports<'_>) -> Result<Arc<dyn ManifestExports>, String>;

    /// Looks up the exports of a poller.
    ///
    /// # Errors
    /// What is missing, or has another type.
    fn poller(&self, exports: &Exports<'_>) -> Result<Arc<dyn PollerExports>, String>;

    /// Looks up the exports of a subscriber.
    ///
    /// # Errors
    /// What is missing, or has another type.
    fn subscriber(&self, exports: &Exports<'_>) -> Result<Arc<dyn SubscriberExports>, String>;

    /// Looks up the exports of a producer.
    ///
    /// # Errors
    /// What is missing, or has another type.
    fn producer(&self, exports: &Exports<'_>) -> Result<Arc<dyn ProducerExports>, String>;
}

/// The exports of a component that says something of itself.
#[async_trait]
pub trait ManifestExports: Send + Sync {
    /// Calls `describe`.
    async fn describe(self: Arc<Self>, store: &mut Store<State>, instance: &Instance) -> Given<Description>;
}

/// The exports of a poller.
#[async_trait]
pub trait PollerExports: Send + Sync {
    /// Calls `poll`.
    async fn poll(
        self: Arc<Self>,
        store: &mut Store<State>,
        instance: &Instance,
        context: Context,
        kwargs: String,
        checkpoint: Option<String>,
    ) -> Given<Outcome>;

    /// Calls `on-kill`.
    async fn on_kill(
        self: Arc<Self>,
        store: &mut Store<State>,
        instance: &Instance,
        context: Context,
        kwargs: String,
        checkpoint: Option<String>,
    ) -> Given<()>;
}

/// The exports of a subscriber.
#[async_trait]
pub trait SubscriberExports: Send + Sync {
    /// Asks which stream a trigger with these kwargs reads.
    async fn describe(self: Arc<Self>, store: &mut Store<State>, instance: &Instance, kwargs: String) -> Given<Stream>;

    /// Makes the filter of one trigger in an instance that stays.
    ///
    /// # Errors
    /// As the engine has them.
    async fn filter(
        self: Arc<Self>,
        store: &mut Store<State>,
        instance: &Instance,
        context: Context,
        kwargs: String,
    ) -> wasmtime::Result<Box<dyn FilterExports>>;
}

/// A filter that lives in the store it was made in.
#[async_trait]
pub trait FilterExports: Send {
    /// Calls `evaluate`.
    async fn evaluate(&mut self, store: &mut Store<State>, now: UnixMs, events: RawEvents) -> Given<Vec<Verdict>>;
}

/// The exports of a producer.
#[async_trait]
pub trait ProducerExports: Send + Sync {
    /// Calls `read`.
    async fn read(
        self: Arc<Self>,
        store: &mut Store<State>,
        instance: &Instance,
        upstream: Upstream,
        cursor: Option<String>,
        demand: Demand,
    ) -> Given<ReadBatch>;

    /// Calls `advance`.
    async fn advance(
        self: Arc<Self>,
        store: &mut Store<State>,
        instance: &Instance,
        upstream: Upstream,
        batch: Vec<Settled>,
    ) -> Given<Advanced>;

    /// Calls `extend`.
    async fn extend(
        self: Arc<Self>,
        store: &mut Store<State>,
        instance: &Instance,
        upstream: Upstream,
        receipts: Vec<Vec<u8>>,
        hold_ms: u32,
    ) -> Given<()>;
}

/// Raw events one after another: event `n` is `bytes` from `ends[n - 1]` (0 for the first) to `ends[n]`.
#[derive(Debug, Default)]
pub struct RawEvents {
    /// All of them.
    pub bytes: Vec<u8>,
    /// Where each ends.
    pub ends: Vec<u32>,
}

impl RawEvents {
    /// Packs events.
    pub(crate) fn pack<'a>(events: impl Iterator<Item = &'a [u8]> + Clone) -> Self {
        let mut bytes = Vec::with_capacity(events.clone().map(<[u8]>::len).sum());
        let mut ends = Vec::with_capacity(events.size_hint().0);
        for event in events {
            bytes.extend_from_slice(event);
            // Callers bound their batches far below this.
            ends.push(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        }
        Self { bytes, ends }
    }
}
