//! What a call has cost in CPU time: read from the thread's own clock, so time that other work took is not charged.
//!
//! A call is a future; each time it is polled is a slice on one thread. [`Metered`] adds the slices up, and within a
//! slice the guest's epoch callback asks [`Meter::used`]. What the host does to answer a host call is
//! [`Meter::uncharged`]: a handshake costs more than most guests, and the budget of host calls bounds it.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
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

    /// Runs work of the host within a slice, without charging it.
    pub(crate) async fn uncharged<F: Future>(&self, work: F) -> F::Output {
        let mut work = pin!(work);
        poll_fn(|context| {
            let before = thread_cpu();
            let polled = work.as_mut().poll(context);
            self.began.fetch_add(thread_cpu().saturating_sub(before), Ordering::Relaxed);
            polled
        })
        .await
    }

    /// A meter whose finished slices have used this much.
    #[cfg(test)]
    pub(crate) fn with_used(used: Duration) -> Self {
        Self { finished: AtomicU64::new(used.as_nanos() as u64), began: AtomicU64::new(0) }
    }

    fn begin(&self) {
        self.began.store(thread_cpu().max(1), Ordering::Relaxed);
    }

    fn end(&self) {
        let began = self.began.swap(0, Ordering::Relaxed);
        self.finished.fetch_add(thread_cpu().saturating_sub(began), Ordering::Relaxed);
    }
}

/// The error a call over its CPU budget ends with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CpuExceeded {
    pub(crate) limit: Duration,
    pub(crate) used: Duration,
}

impl fmt::Display for CpuExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it used {:?} of CPU time, more than its limit of {:?}", self.used, self.limit)
    }
}

impl std::error::Error for CpuExceeded {}

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

#[cfg(test)]
mod tests {
    use super::*;

    fn burn(time: Duration) {
        let begin = thread_cpu();
        while thread_cpu() - begin < time.as_nanos() as u64 {}
    }

    fn run<F: Future>(mut work: Metered<F>) {
        let mut context = Context::from_waker(std::task::Waker::noop());
        while Pin::new(&mut work).poll(&mut context).is_pending() {}
    }

    #[test]
    fn charges_every_slice_and_nothing_between() {
        let meter = Arc::new(Meter::default());
        let mut slices = 0;
        let work = poll_fn(|_| {
            burn(Duration::from_millis(2));
            slices += 1;
            if slices < 3 { Poll::Pending } else { Poll::Ready(()) }
        });
        run(Metered::new(Arc::clone(&meter), work));
        burn(Duration::from_millis(20));
        let used = meter.used();
        assert!(used >= Duration::from_millis(6) && used < Duration::from_millis(15), "{used:?}");
    }

    #[test]
    fn does_not_charge_the_hosts_own_work() {
        let meter = Arc::new(Meter::default());
        let own = Arc::clone(&meter);
        let work = async move { own.uncharged(async { burn(Duration::from_millis(20)) }).await };
        run(Metered::new(Arc::clone(&meter), work));
        assert!(meter.used() < Duration::from_millis(10), "{:?}", meter.used());
    }
}
