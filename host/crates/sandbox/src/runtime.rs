//! The tokio runtime guests run on: threads of their own, so that nothing that keeps time queues behind guest code.
//! Work that goes with every call, such as that of the groups of shared streams, may run here too: it waits for a few
//! turns of guests at most.

use std::cell::Cell;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::{JoinError, JoinHandle};

/// A worker looks at timers and sockets after this many polls of tasks: a poll of a busy loop lasts a whole tick.
const EVENT_INTERVAL: u32 = 4;

static NEXT_NUMBER: AtomicU64 = AtomicU64::new(1);

thread_local! {
    /// The number of the guest runtime this thread works for; 0 elsewhere.
    static WORKS_FOR: Cell<u64> = const { Cell::new(0) };
}

/// The runtime; dropping it never blocks.
pub(crate) struct GuestRuntime {
    runtime: Option<Runtime>,
    handle: Handle,
    number: u64,
}

/// A task that ends when this is dropped.
pub(crate) struct Task<T>(JoinHandle<T>);

impl GuestRuntime {
    pub(crate) fn start(workers: usize) -> io::Result<Self> {
        let number = NEXT_NUMBER.fetch_add(1, Ordering::Relaxed);
        let runtime = Builder::new_multi_thread()
            .worker_threads(workers)
            .thread_name("guest-worker")
            .event_interval(EVENT_INTERVAL)
            .global_queue_interval(EVENT_INTERVAL)
            .enable_all()
            .on_thread_start(move || WORKS_FOR.set(number))
            .build()?;
        let handle = runtime.handle().clone();
        Ok(Self { runtime: Some(runtime), handle, number })
    }

    /// Whether the current thread is one of its workers, so that work may run in place.
    pub(crate) fn is_here(&self) -> bool {
        WORKS_FOR.get() == self.number
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    pub(crate) fn spawn<F>(&self, work: F) -> Task<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        Task(self.handle.spawn(work))
    }
}

impl Drop for GuestRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // The last clone may go away on any thread, also on one of its own.
            runtime.shutdown_background();
        }
    }
}

impl<T> Future for Task<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context)
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
