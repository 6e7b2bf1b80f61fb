//! What a call has cost in CPU time: read from the thread's own clock, so time that other work took is not charged.
//!
//! A call is a future; each time it is polled is a slice on one thread. [`Metered`] adds the slices up, and within a slice the guest's
//! epoch callback asks [`Meter::used`].

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The CPU time of one call. Only the thread that polls the call writes.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    /// Nanoseconds of finished slices.
    finished: AtomicU64,
    /// The thread's clock when the current slice began; 0 between slices.
    began: AtomicU64,
}

impl Meter {
    /// What the call has used up to now. Within a slice only its own thread may ask.
    pub(crate) fn used(&self) -> Duration {
        let began = self.began.load(Ordering::Relaxed);
        let current = if began == 0 { 0 } else { thread_cpu().saturating_sub(began) };
        Duration::from_nanos(self.finished.load(Ordering::Relaxed) + current)
    }

    /// What finished slices have used: cheaper, and may be asked between slices.
    pub(crate) fn used_before(&self) -> Duration {
        Duration::from_nanos(self.finished.load(Ordering::Relaxed))
    }

    fn begin(&self) {
        self.began.store(thread_cpu().max(1), Ordering::Relaxed);
    }

    fn end(&self) {
        let began = self.began.swap(0, Ordering::Relaxed);
        self.finished.fetch_add(thread_cpu().saturating_sub(began), Ordering::Relaxed);
    }
}

/// Nanoseconds of CPU time of this thread.
fn thread_cpu() -> u64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    // Both are positive, and 584 years fit.
    u64::try_from(now.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(now.tv_nsec).unwrap_or(0)
}

/// A future whose every slice is charged to a meter.
pub(crate) struct Metered<F> {
    meter: Arc<Meter>,
    work: Pin<Box<F>>,
}

impl<F> Metered<F> {
    pub(crate) fn new(meter: Arc<Meter>, work: F) -> Self {
        Self { meter, work: Box::pin(work) }
    }
}

impl<F: Future> Future for Metered<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.meter.begin();
        let polled = self.work.as_mut().poll(context);
        self.meter.end();
        polled
    }
}
