//! A trigger that filters a shared stream; its filter is an instance that stays between two calls while there is room
//! for it.
//!
//! A filter owns one store at most. Invariants: one call at a time; an instance whose call did not end well is dropped,
//! and the next call makes another; a call holds slots like every other, and what stays has slots of its own
//! ([`Room`]), so polls always find one. A filter for which there is no room still works, at the price of a fresh
//! instance for each call.

use std::sync::Arc;
use std::time::Instant;

use tokio::time::timeout;
use wasmtime::Store;

use super::common::{Core, finish};
use crate::answer;
use crate::call::{Context, EndReason, Ended, HostCalls, Limits, NoHost, Stream, Used, Verdict};
use crate::limiter::Limiter;
use crate::meter::{Meter, Metered};
use crate::room::{Place, Room};
use crate::state::State;
use crate::version::{FilterExports, RawEvents, SubscriberExports};
use crate::{run, trap};

/// A component whose triggers filter a shared stream. Cheap to clone.
#[derive(Clone)]
pub struct Subscriber {
    core: Core,
    exports: Arc<dyn SubscriberExports>,
}

/// The filter of one trigger. Made by [`Subscriber::filter`].
pub struct Filter {
    subscriber: Subscriber,
    context: Context,
    kwargs: String,
    limits: Arc<Limits>,
    host: Arc<dyn HostCalls>,
    live: Option<Live>,
}

struct Live {
    store: Store<State>,
    filter: Box<dyn FilterExports>,
    /// The right to stay; none for one that was only just made.
    place: Option<Place>,
}

impl Subscriber {
    pub(super) fn new(exports: Arc<dyn SubscriberExports>, core: Core) -> Self {
        Self { core, exports }
    }

    pub(super) fn core(&self) -> &Core {
        &self.core
    }

    /// Which upstream a trigger with these kwargs reads, asked without grants.
    ///
    /// # Errors
    /// The kwargs do not fit, or the call ended without an answer that can be used.
    pub async fn stream(&self, kwargs: String, limits: &Limits) -> Result<Stream, EndReason> {
        let (exports, own) = (Arc::clone(&self.exports), Arc::new(limits.clone()));
        let ended = self
            .core
            .call(own, Arc::new(NoHost), move |store, instance| exports.describe(store, instance, kwargs))
            .await;
        finish(ended, "stream", |given| answer::check_stream(given, limits)).result
    }

    /// The filter of one trigger. Nothing runs yet.
    pub fn filter(&self, context: Context, kwargs: String, limits: Arc<Limits>, host: Arc<dyn HostCalls>) -> Filter {
        Filter { subscriber: self.clone(), context, kwargs, limits, host, live: None }
    }
}

impl Filter {
    /// One verdict for each raw event, in order. Call it on the sandbox's own runtime
    /// ([`Sandbox::handle`](crate::Sandbox::handle)): the guest runs in place. A failed call is a verdict on none of
    /// them, and ends the instance.
    ///
    /// # Cancel safety
    /// Dropping the future ends the call; the next one finds a fresh instance.
    pub async fn evaluate<'a>(&mut self, events: impl Iterator<Item = &'a [u8]> + Clone) -> Ended<Vec<Verdict>> {
        let shared = Arc::clone(&self.subscriber.core.shared);
        let slots = self.subscriber.core.compiled.slots;
        let Ok(turn) = run::acquire_slots(&shared.slots, slots).await else {
            return Ended { result: Err(EndReason::Cancelled), used: Used::default() };
        };
        let events = RawEvents::pack(events);
        let count = events.ends.len();
        let meter = Arc::new(Meter::default());
        // Taken: what is not put back is dropped, whatever happens.
        let live = self.live.take();
        let running = shared.ticker.enter();
        let began = Instant::now();
        let work = self.call(live, events, Arc::clone(&meter), began);
        let (mut ended, live) = Metered::new(Arc::clone(&meter), work).await;
        ended.used.cpu = meter.used_before();
        drop(running);
        let ended = finish(ended, "evaluate", |given| answer::check_verdicts(given, count, &self.limits));
        self.live = live.filter(|_| ended.result.is_ok()).and_then(|live| live.stay(&shared.room, slots));
        // What does not stay is gone by now.
        drop(turn);
        ended
    }

    /// Gives the instance back, as when there is nothing to do for a while.
    pub fn rest(&mut self) {
        self.live = None;
    }

    /// Whether an instance is being kept.
    pub fn is_live(&self) -> bool {
        self.live.is_some()
    }

    /// Takes itself mutably, as does `instance`: a store may be sent to another thread, but not be shared between two.
    async fn call(
        &mut self,
        live: Option<Live>,
        events: RawEvents,
        meter: Arc<Meter>,
        began: Instant,
    ) -> (Ended<Vec<Verdict>>, Option<Live>) {
        let shared = Arc::clone(&self.subscriber.core.shared);
        let wall = self.limits.wall;
        let work = async {
            let mut live = match live {
                Some(live) => live,
                None => match self.instance(Arc::clone(&meter), began).await {
                    Ok(live) => live,
                    Err(reason) => return (Ended { result: Err(reason), used: Used::default() }, None),
                },
            };
            live.store.data_mut().begin(&self.limits, Arc::clone(&meter));
            run::allow(&mut live.store, &self.limits);
            let given = live.filter.evaluate(&mut live.store, shared.clock.now(), events).await;
            let used = live.store.data_mut().used(began);
            (Ended { result: run::settle(given), used }, Some(live))
        };
        match timeout(wall, shared.lane.run(&meter, work)).await {
            Ok(ended) => ended,
            Err(_) => {
                let reason = EndReason::Deadline { limit: wall, used: began.elapsed() };
                (Ended { result: Err(reason), used: Used { wall: began.elapsed(), ..Used::default() } }, None)
            }
        }
    }

    async fn instance(&mut self, meter: Arc<Meter>, began: Instant) -> Result<Live, EndReason> {
        let Core { shared, compiled, .. } = &self.subscriber.core;
        let limiter = Limiter::new(&self.limits, shared.max_memory, compiled.slots);
        let state = State::new(&self.limits, limiter, Arc::clone(&self.host), meter, &shared.clock, began);
        let mut store = run::make_store(shared, state);
        run::allow(&mut store, &self.limits);
        let making = async {
            let instance = compiled.pre.instantiate_async(&mut store).await?;
            let exports = Arc::clone(&self.subscriber.exports);
            exports.filter(&mut store, &instance, self.context.clone(), self.kwargs.clone()).await
        };
        let filter = making.await.map_err(|error| trap::explain(&error))?;
        Ok(Live { store, filter, place: None })
    }
}

impl Live {
    /// Stays until the next call, if there is room.
    fn stay(mut self, room: &Room, slots: u32) -> Option<Self> {
        let bytes = self.store.data().limiter.memory();
        self.place = Some(room.place(self.place.take(), slots, bytes)?);
        Some(self)
    }
}
