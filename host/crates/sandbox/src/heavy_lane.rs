//! The heavy lane: calls that have burned more than a moment of CPU time take turns, on one worker at a time.
//!
//! A busy loop yields at each tick, but ten of them would still fill every worker, and an honest poll would wait behind
//! them. So a call that is heavy may only run while it holds the lane's single permit. It gives it back at each yield
//! and each wait for the host; the queue for it is fair. All other workers stay free for honest polls, whatever the
//! number of loops.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::meter::Meter;

/// A call that has used more is heavy. An ordinary poll takes a hundredth of it.
const HEAVY: Duration = Duration::from_millis(2);

/// The lane of one sandbox.
#[derive(Clone)]
pub(crate) struct HeavyLane(Arc<Semaphore>);

type Turn = Pin<Box<dyn Future<Output = Option<OwnedSemaphorePermit>> + Send>>;

impl HeavyLane {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }

    /// Runs the work; once it is heavy, only in its turns.
    ///
    /// # Cancel safety
    /// Dropping the future drops the work and leaves the queue.
    pub(crate) async fn run<F: Future>(&self, meter: &Meter, work: F) -> F::Output {
        InTurns { lane: self, meter, work: pin!(work), waiting: None }.await
    }

    fn turn(&self) -> Turn {
        let lane = Arc::clone(&self.0);
        // The semaphore is never closed, so there is always a permit in the end.
        Box::pin(async move { lane.acquire_owned().await.ok() })
    }
}

struct InTurns<'a, F> {
    lane: &'a HeavyLane,
    meter: &'a Meter,
    work: Pin<&'a mut F>,
    waiting: Option<Turn>,
}

impl<F: Future> Future for InTurns<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        if this.meter.used_before() < HEAVY {
            return this.work.as_mut().poll(context);
        }
        let waiting = this.waiting.get_or_insert_with(|| this.lane.turn());
        let permit = ready!(waiting.as_mut().poll(context));
        this.waiting = None;
        let polled = this.work.as_mut().poll(context);
        drop(permit);
        polled
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::poll_fn;
    use std::task::Waker;

    use super::*;

    /// Polls work that never ends; how often it has run is in `runs`.
    async fn endless(lane: HeavyLane, meter: Meter, runs: &Cell<u32>) {
        let work = poll_fn(|_| {
            runs.set(runs.get() + 1);
            Poll::<()>::Pending
        });
        lane.run(&meter, work).await;
    }

    #[test]
    fn a_heavy_call_runs_only_in_its_turn_and_a_light_one_always() {
        let mut context = Context::from_waker(Waker::noop());
        let lane = HeavyLane::new();
        let (light_runs, heavy_runs) = (Cell::new(0), Cell::new(0));
        let mut light = pin!(endless(lane.clone(), Meter::with_used(HEAVY / 2), &light_runs));
        let mut heavy = pin!(endless(lane.clone(), Meter::with_used(HEAVY), &heavy_runs));
        let somebody = lane.0.try_acquire().unwrap();
        assert!(light.as_mut().poll(&mut context).is_pending() && heavy.as_mut().poll(&mut context).is_pending());
        assert_eq!((light_runs.get(), heavy_runs.get()), (1, 0));
        drop(somebody);
        assert!(heavy.as_mut().poll(&mut context).is_pending());
        assert_eq!(heavy_runs.get(), 1);
        assert_eq!(lane.0.available_permits(), 1, "the turn is given back at each yield");
    }

    #[test]
    fn a_call_that_is_dropped_in_the_queue_leaves_it() {
        let mut context = Context::from_waker(Waker::noop());
        let lane = HeavyLane::new();
        let runs = Cell::new(0);
        let somebody = lane.0.try_acquire().unwrap();
        let mut heavy = Box::pin(endless(lane.clone(), Meter::with_used(HEAVY), &runs));
        assert!(heavy.as_mut().poll(&mut context).is_pending());
        drop((heavy, somebody));
        assert_eq!((runs.get(), lane.0.available_permits()), (0, 1));
    }
}
