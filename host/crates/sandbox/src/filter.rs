//! A subscriber's filter: an instance that stays between two calls while there is room for it.
//!
//! Owns one store at most. Invariants: one call at a time; an instance whose call did not end well is dropped, and the next call makes
//! another; a call holds slots like every other, and what stays has slots of its own ([`Room`]), so polls always find one. A filter that finds no
//! room to stay works all the same, at the price of a fresh instance for each call.

use std::sync::Arc;
use std::time::Instant;

use tokio::time::timeout;
use wasmtime::Store;
use wasmtime::component::{ResourceAny, TypedFunc};

use crate::answer;
use crate::bindings::stream::exports::trigger_host::trigger::subscriber as wit;
use crate::bindings::trigger_host::trigger::types;
use crate::call::{NoHost, Verdict};
use crate::component::{Calls, checked};
use crate::limiter::Limiter;
use crate::meter::{Meter, Metered};
use crate::room::{Place, Room};
use crate::state::State;
use crate::{Component, Context, EndReason, Ended, HostCalls, Limits, Stream, Used, run, trap};

/// What the constructor of a filter takes.
pub(crate) type FilterParams = (types::Context, String);
/// What `evaluate` takes.
pub(crate) type EvaluateParams = (ResourceAny, u64, wit::RawEvents);
/// What `evaluate` gives.
pub(crate) type Evaluated = (Result<Vec<wit::Verdict>, types::Error>,);

/// The filter of one trigger. Made by [`Component::filter`].
pub struct Filter {
    component: Component,
    context: Context,
    kwargs: String,
    limits: Arc<Limits>,
    host: Arc<dyn HostCalls>,
    live: Option<Live>,
}

struct Live {
    store: Store<State>,
    filter: ResourceAny,
    evaluate: TypedFunc<EvaluateParams, Evaluated>,
    /// The right to stay; none for one that was only just made.
    place: Option<Place>,
}

impl Component {
    /// Which upstream a trigger with these kwargs reads, asked without grants.
    ///
    /// # Errors
    /// The kwargs do not fit, the component is no subscriber, or the call ended without an answer that can be used.
    pub async fn stream(&self, kwargs: String, limits: &Limits) -> Result<Stream, EndReason> {
        let Calls::Subscriber { describe, .. } = self.compiled.calls() else {
            return self.has_no("subscriber").result;
        };
        let own = Arc::new(limits.clone());
        let ended: Ended<(Result<wit::Stream, types::Error>,)> =
            self.call(*describe, (kwargs,), own, Arc::new(NoHost)).await;
        let ended = checked(ended, "stream", |(given,)| match given {
            Ok(stream) => answer::stream(stream, limits),
            Err(error) => Err(EndReason::Guest(answer::guest_error(error))),
        });
        ended.result
    }

    /// The filter of one trigger. Nothing runs yet.
    pub fn filter(&self, context: Context, kwargs: String, limits: Arc<Limits>, host: Arc<dyn HostCalls>) -> Filter {
        Filter { component: self.clone(), context, kwargs, limits, host, live: None }
    }
}

impl Filter {
    /// One verdict for each raw event, in order. Call it on the sandbox's own runtime ([`Sandbox::handle`](crate::Sandbox::handle)): the
    /// guest runs in place. A failed call is a verdict on none of them, and ends the instance.
    ///
    /// # Cancel safety
    /// Dropping the future ends the call; the next one finds a fresh instance.
    pub async fn evaluate<'a>(&mut self, events: impl Iterator<Item = &'a [u8]> + Clone) -> Ended<Vec<Verdict>> {
        let Calls::Subscriber { .. } = self.component.compiled.calls() else {
            return self.component.has_no("subscriber");
        };
        let shared = Arc::clone(&self.component.shared);
        let slots = self.component.compiled.slots();
        let Ok(turn) = run::slots(&shared.slots, slots).await else {
            return Ended { result: Err(EndReason::Cancelled), used: Used::default() };
        };
        let events = packed(events);
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
        let ended = checked(ended, "evaluate", |(given,)| match given {
            Ok(verdicts) => answer::verdicts(verdicts, count, &self.limits),
            Err(error) => Err(EndReason::Guest(answer::guest_error(error))),
        });
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
        events: wit::RawEvents,
        meter: Arc<Meter>,
        began: Instant,
    ) -> (Ended<Evaluated>, Option<Live>) {
        let shared = Arc::clone(&self.component.shared);
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
            let answer = live.evaluate.call_async(&mut live.store, (live.filter, shared.clock.now(), events)).await;
            let used = live.store.data_mut().used(began);
            (Ended { result: answer.map_err(|error| trap::reason(&error)), used }, Some(live))
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
        let (shared, compiled) = (&self.component.shared, &self.component.compiled);
        let Calls::Subscriber { filter, evaluate, .. } = compiled.calls() else { return Err(EndReason::Cancelled) };
        let limiter = Limiter::new(&self.limits, shared.max_memory, compiled.slots());
        let state = State::new(&self.limits, limiter, Arc::clone(&self.host), meter, &shared.clock, began);
        let mut store = run::store(shared, state);
        run::allow(&mut store, &self.limits);
        let made = async {
            let instance = compiled.pre().instantiate_async(&mut store).await?;
            let make = instance.get_typed_func::<FilterParams, (ResourceAny,)>(&mut store, filter)?;
            let params = (self.context.clone().into(), self.kwargs.clone());
            let (filter,) = make.call_async(&mut store, params).await?;
            let evaluate = instance.get_typed_func::<EvaluateParams, Evaluated>(&mut store, evaluate)?;
            Ok::<_, wasmtime::Error>((filter, evaluate))
        };
        let (filter, evaluate) = made.await.map_err(|error| trap::reason(&error))?;
        Ok(Live { store, filter, evaluate, place: None })
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

fn packed<'a>(events: impl Iterator<Item = &'a [u8]> + Clone) -> wit::RawEvents {
    let mut bytes = Vec::with_capacity(events.clone().map(<[u8]>::len).sum());
    let mut ends = Vec::with_capacity(events.size_hint().0);
    for event in events {
        bytes.extend_from_slice(event);
        // Callers bound their batches far below this.
        ends.push(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    }
    wit::RawEvents { bytes, ends }
}
