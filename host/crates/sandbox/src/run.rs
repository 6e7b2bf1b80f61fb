//! One call of one export on a fresh instance: instantiate, call, drop.
//!
//! The order is fixed: a slot of the pool is waited for first; then the clock of the call begins; then all work is charged to its meter,
//! runs in the heavy lane's turns once it is heavy, and ends at its deadline by being dropped. Whatever happened, the instance is gone
//! when the call is over.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{AcquireError, Semaphore, SemaphorePermit};
use tokio::time::timeout;
use wasmtime::component::{ComponentExportIndex, ComponentNamedList, Lift, Lower};
use wasmtime::{Store, StoreContextMut, UpdateDeadline};

use crate::component::Compiled;
use crate::limiter::Limiter;
use crate::meter::{Meter, Metered};
use crate::sandbox::Shared;
use crate::state::{MOST_HANDLES, State};
use crate::{EndReason, Ended, HostCalls, Limits, Used, trap};

/// What the guest may hand to the host in one call besides its answer: a request with its body.
const LEAST_LIFTED: u64 = 4 << 20;

/// The error a call over its CPU budget ends with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CpuExceeded {
    pub(crate) limit: Duration,
    pub(crate) used: Duration,
}

/// Calls `export` with `params`. `limits` and `host` are the call's.
///
/// # Cancel safety
/// Dropping the future ends the call and drops its instance.
pub(crate) async fn call<P, R>(
    shared: Arc<Shared>,
    compiled: Arc<Compiled>,
    export: ComponentExportIndex,
    params: P,
    limits: Arc<Limits>,
    host: Arc<dyn HostCalls>,
) -> Ended<R>
where
    P: ComponentNamedList + Lower + Send + Sync + 'static,
    R: ComponentNamedList + Lift + Send + Sync + 'static,
{
    let Ok(slots) = slots(&shared.slots, compiled.slots()).await else {
        return Ended { result: Err(EndReason::Cancelled), used: Used::default() };
    };
    let running = shared.ticker.enter();
    let meter = Arc::new(Meter::default());
    let work = on_fresh_instance(&shared, &compiled, export, params, limits, host, Arc::clone(&meter));
    let mut ended = Metered::new(Arc::clone(&meter), work).await;
    ended.used.cpu = meter.used_before();
    drop((running, slots));
    ended
}

/// A permit for a call of a component with so many memories.
pub(crate) async fn slots(slots: &Semaphore, wanted: u32) -> Result<SemaphorePermit<'_>, AcquireError> {
    match slots.try_acquire_many(wanted) {
        Ok(permit) => Ok(permit),
        Err(_) => slots.acquire_many(wanted).await,
    }
}

async fn on_fresh_instance<P, R>(
    shared: &Shared,
    compiled: &Compiled,
    export: ComponentExportIndex,
    params: P,
    limits: Arc<Limits>,
    host: Arc<dyn HostCalls>,
    meter: Arc<Meter>,
) -> Ended<R>
where
    P: ComponentNamedList + Lower + Send + Sync + 'static,
    R: ComponentNamedList + Lift + Send + Sync + 'static,
{
    let began = Instant::now();
    let limiter = Limiter::new(&limits, shared.max_memory, compiled.slots());
    let state = State::new(&limits, limiter, host, Arc::clone(&meter), &shared.clock, began);
    let mut store = store(shared, state);
    allow(&mut store, &limits);
    let work = async {
        let instance = compiled.pre().instantiate_async(&mut store).await?;
        let function = instance.get_typed_func::<P, R>(&mut store, export)?;
        function.call_async(&mut store, params).await
    };
    let result = match timeout(limits.wall, shared.lane.run(&meter, work)).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(trap::reason(&error)),
        Err(_) => Err(EndReason::Deadline { limit: limits.wall, used: began.elapsed() }),
    };
    Ended { result, used: store.data_mut().used(began) }
}

/// A store that obeys the limits in its state.
pub(crate) fn store(shared: &Shared, state: State) -> Store<State> {
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

impl fmt::Display for CpuExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "used {:?} of CPU time, may use {:?}", self.used, self.limit)
    }
}

impl std::error::Error for CpuExceeded {}
