//! The thread that makes running guests look up: each tick it moves the engine's epoch by one.
//!
//! A plain thread, never a task: with the ticker behind a guest in a queue, an endless loop would never end. While no
//! call runs it sleeps for good, and the first call wakes it; so an idle host costs nothing.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use wasmtime::Engine;

/// Ticks without a call after which the thread goes to sleep.
const IDLE_TICKS: u32 = 50;

/// The running thread; dropping it ends the thread.
pub(crate) struct Ticker {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    running: AtomicUsize,
    asleep: AtomicBool,
    stop: AtomicBool,
}

/// Held by each call while it runs.
pub(crate) struct Running(Arc<Shared>);

impl Ticker {
    pub(crate) fn start(engine: Engine, tick: Duration) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let seen = Arc::clone(&shared);
        let thread = thread::Builder::new().name("guest-ticker".to_owned()).spawn(move || run(&engine, tick, &seen))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Says that a call begins to run; it ends with the value.
    pub(crate) fn enter(&self) -> Running {
        self.shared.running.fetch_add(1, Ordering::SeqCst);
        // The thread sets `asleep` before it looks at `running`: one of the two sees the other.
        if self.shared.asleep.load(Ordering::SeqCst) {
            self.wake();
        }
        Running(Arc::clone(&self.shared))
    }

    fn wake(&self) {
        self.shared.asleep.store(false, Ordering::SeqCst);
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        self.wake();
        if let Some(thread) = self.thread.take() {
            // It cannot have panicked: it only sleeps and counts.
            let _ = thread.join();
        }
    }
}

fn run(engine: &Engine, tick: Duration, shared: &Shared) {
    let mut idle = 0;
    while !shared.stop.load(Ordering::SeqCst) {
        thread::sleep(tick);
        engine.increment_epoch();
        idle = if shared.running.load(Ordering::SeqCst) == 0 { idle + 1 } else { 0 };
        if idle >= IDLE_TICKS {
            sleep_until_a_call(shared);
            idle = 0;
        }
    }
}

fn sleep_until_a_call(shared: &Shared) {
    shared.asleep.store(true, Ordering::SeqCst);
    while shared.asleep.load(Ordering::SeqCst)
        && shared.running.load(Ordering::SeqCst) == 0
        && !shared.stop.load(Ordering::SeqCst)
    {
        thread::park();
    }
    shared.asleep.store(false, Ordering::SeqCst);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleeps_when_idle_and_wakes_for_a_call() {
        let engine = Engine::default();
        let ticker = Ticker::start(engine, Duration::from_micros(100)).unwrap();
        for _ in 0..3 {
            wait_until(|| ticker.shared.asleep.load(Ordering::SeqCst));
            let running = ticker.enter();
            wait_until(|| !ticker.shared.asleep.load(Ordering::SeqCst));
            drop(running);
        }
    }

    fn wait_until(condition: impl Fn() -> bool) {
        while !condition() {
            thread::yield_now();
        }
    }
}
