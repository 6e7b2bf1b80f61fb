//! One call on a fresh instance: instantiate, call, drop.
//!
//! The order is fixed: a slot of the pool is waited for first; then the clock of the call begins; then all work is
//! charged to its meter, runs in the heavy lane's turns once it is heavy, and ends at its deadline by being dropped.
//! Whatever happened, the instance is gone when the call is over.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{AcquireError, Semaphore, SemaphorePermit};
use tokio::time::timeout;
use wasmtime::component::Instance;
use wasmtime::{Store, StoreContextMut, UpdateDeadline};

use crate::call::{EndReason, Ended, HostCalls, Limits, Used};
use crate::limiter::Limiter;
use crate::meter::{CpuExceeded, Meter, Metered};
use crate::shared::{Compiled, Shared};
use crate::state::{MOST_HANDLES, State};
use crate::trap;
use crate::version::Given;

/// What the guest may hand to the host in one call besides its answer: a request with its body.
const LEAST_LIFTED: u64 = 4 << 20;

/// The work of one call: what a version does with an instance.
pub(crate) type Calling<'a, T> = Pin<Box<dyn Future<Output = Given<T>> + Send + 'a>>;

/// Runs `work` on a fresh instance. `limits` and `host` are the call's.
///
/// # Cancel safety
/// Dropping the future ends the call and drops its instance.
pub(crate) async fn call<T, W>(
    shared: Arc<Shared>,
    compiled: Arc<Compiled>,
    limits: Arc<Limits>,
    host: Arc<dyn HostCalls>,
    work: W,
) -> Ended<T>
where
    W: for<'a> FnOnce(&'a mut Store<State>, &'a Instance) -> Calling<'a, T> + Send,
{
    let Ok(slots) = acquire_slots(&shared.slots, compiled.slots).await else {
        return Ended { result: Err(EndReason::Cancelled), used: Used::default() };
    };
    let running = shared.ticker.enter();
    let meter = Arc::new(Meter::default());
    let work = on_fresh_instance(&shared, &compiled, limits, host, Arc::clone(&meter), work);
    let mut ended = Metered::new(Arc::clone(&meter), work).await;
    ended.used.cpu = meter.used_before();
    drop((running, slots));
    ended
}

/// A permit for a call that needs this many slots.
pub(crate) async fn acquire_slots(slots: &Semaphore, wanted: u32) -> Result<SemaphorePermit<'_>, AcquireError> {
    match slots.try_acquire_many(wanted) {
        Ok(permit) => Ok(permit),
        Err(_) => slots.acquire_many(wanted).await,
    }
}

async fn on_fresh_instance<T, W>(
    shared: &Shared,
    compiled: &Compiled,
    limits: Arc<Limits>,
    host: Arc<dyn HostCalls>,
    meter: Arc<Meter>,
    work: W,
) -> Ended<T>
where
    W: for<'a> FnOnce(&'a mut Store<State>, &'a Instance) -> Calling<'a, T> + Send,
{
    let began = Instant::now();
    let limiter = Limiter::new(&limits, shared.max_memory, compiled.slots);
    let state = State::new(&limits, limiter, host, Arc::clone(&meter), &shared.clock, began);
    let mut store = make_store(shared, state);
    allow(&mut store, &limits);
    let work = async {
        let instance = compiled.pre.instantiate_async(&mut store).await?;
        work(&mut store, &instance).await
    };
    let result = match timeout(limits.wall, shared.lane.run(&meter, work)).await {
        Ok(given) => settle(given),
        Err(_) => Err(EndReason::Deadline { limit: limits.wall, used: began.elapsed() }),
    };
    Ended { result, used: store.data_mut().used(began) }
}

/// The answer of a call, not yet checked, or why there is none.
pub(crate) fn settle<T>(given: Given<T>) -> Result<T, EndReason> {
    match given {
        Ok(answer) => answer.map_err(EndReason::Guest),
        Err(error) => Err(trap::explain(&error)),
    }
}

/// A store that obeys the limits in its state.
pub(crate) fn make_store(shared: &Shared, state: State) -> Store<State> {
    let mut store = Store::new(&shared.engine, state);
    store.limiter(|state| &mut state.limiter);
    store.set_max_component_handles(MOST_HANDLES);
    store.epoch_deadline_callback(|store| look_up(&store));
    store
}

/// What a call of the store's instance may take, from now on.
pub(crate) fn allow(store: &mut Store<State>, limits: &Limits) {
    let lifted = limits.answer_bytes.saturating_mul(2).max(LEAST_LIFTED);
    store.set_hostcall_fuel(usize::try_from(lifted).unwrap_or(usize::MAX));
    store.set_epoch_deadline(1);
}

/// Called when a guest is running as a tick passes: ends it when its budget is used up, else lets others run.
fn look_up(store: &StoreContextMut<'_, State>) -> wasmtime::Result<UpdateDeadline> {
    let state = store.data();
    let used = state.meter.used();
    if used > state.cpu_limit {
        return Err(CpuExceeded { limit: state.cpu_limit, used }.into());
    }
    Ok(UpdateDeadline::Yield(1))
}
