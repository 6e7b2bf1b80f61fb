//! Heartbeats: on a thread, a runtime and a connection of their own, so that neither a guest, nor a slow call, nor a
//! full queue delays one.
//!
//! The heart beats only while the executor answers its watchdog: a host that cannot run triggers must let others have
//! them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use execution_api::retry::{Call, Step, next_step};
use execution_api::{ApiError, Client};
use parking_lot::Mutex;
use scheduler::Beats;
use tokio::sync::Notify;
use tokio::time::Instant;
use trigger_host_types::JobId;

/// What the heart and the rest of the host tell each other.
pub(crate) struct Heart {
    started: Instant,
    job: AtomicI64,
    /// When the executor last answered, in milliseconds since `started`.
    executor: AtomicU64,
    executor_alive: AtomicBool,
    beats: Mutex<Beats>,
    complaint: Mutex<Option<String>>,
    /// The API does not know the Job: register again.
    job_gone: AtomicBool,
    stopped: AtomicBool,
    /// Wakes the thread, to stop.
    stop: Notify,
    /// Wakes the actor: something above has changed.
    pub(crate) changed: Notify,
}

/// How a heart beats.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rhythm {
    pub(crate) every: Duration,
    pub(crate) threshold: Duration,
    /// Zero: the executor is not watched.
    pub(crate) watchdog: Duration,
}

impl Heart {
    /// Starts the thread.
    ///
    /// # Errors
    /// No thread, or no runtime for it.
    pub(crate) fn start(client: Client, job: JobId, rhythm: Rhythm) -> std::io::Result<Arc<Self>> {
        let heart = Arc::new(Self {
            started: Instant::now(),
            job: AtomicI64::new(job.0),
            executor: AtomicU64::new(0),
            executor_alive: AtomicBool::new(true),
            beats: Mutex::new(Beats::new(rhythm.threshold, rhythm.every, 0)),
            complaint: Mutex::new(None),
            job_gone: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            stop: Notify::new(),
            changed: Notify::new(),
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let beating = Arc::clone(&heart);
        std::thread::Builder::new()
            .name("heartbeat".into())
            .spawn(move || runtime.block_on(beating.beat(client, rhythm)))?;
        Ok(heart)
    }

    async fn beat(self: Arc<Self>, client: Client, rhythm: Rhythm) {
        // A missed beat is repeated soon: a threshold is only a few periods long.
        let soon = (rhythm.every / 5).max(Duration::from_millis(50));
        let mut wait = rhythm.every;
        loop {
            // Both branches may be dropped.
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.stop.notified() => return,
            }
            if self.stopped.load(Ordering::SeqCst) {
                return;
            }
            let silent = self.now().saturating_sub(self.executor.load(Ordering::SeqCst));
            let alive = rhythm.watchdog.is_zero() || u128::from(silent) <= rhythm.watchdog.as_millis();
            if self.executor_alive.swap(alive, Ordering::SeqCst) && !alive {
                tracing::error!(
                    silent_ms = silent,
                    "The executor does not respond; heartbeats stop so that other hosts take over."
                );
            }
            if !alive || self.job_gone.load(Ordering::SeqCst) {
                wait = soon;
                continue;
            }
            let job = self.job();
            wait = match client.heartbeat(job).await {
                Ok(()) => {
                    self.note_good();
                    rhythm.every
                }
                Err(error) => {
                    self.note_missed(job, &error);
                    soon
                }
            };
        }
    }

    fn note_good(&self) {
        let now = self.now();
        let mut beats = self.beats.lock();
        let was_safe = beats.is_safe(now);
        beats.good(now);
        drop(beats);
        *self.complaint.lock() = None;
        if !was_safe {
            tracing::info!("Heartbeats are accepted again.");
            self.changed.notify_one();
        }
    }

    fn note_missed(&self, job: JobId, error: &ApiError) {
        tracing::warn!(%job, %error, "A heartbeat was not accepted.");
        match next_step(Call::Heartbeat, error.fault(), 1, true) {
            Step::RegisterAnew => self.lost_job(job),
            Step::RetrySlowly => self.complain(error),
            _ => {}
        }
    }

    /// The API does not know `job`: the actor must register again.
    pub(crate) fn lost_job(&self, job: JobId) {
        if self.job() == job {
            self.job_gone.store(true, Ordering::SeqCst);
            self.changed.notify_one();
        }
    }

    /// Whether to register again.
    pub(crate) fn is_job_gone(&self) -> bool {
        self.job_gone.load(Ordering::SeqCst)
    }

    /// A new Job: counts as a beat.
    pub(crate) fn registered(&self, job: JobId) {
        self.job.store(job.0, Ordering::SeqCst);
        self.job_gone.store(false, Ordering::SeqCst);
        self.beats.lock().good(self.now());
    }

    /// The current Job.
    pub(crate) fn job(&self) -> JobId {
        JobId(self.job.load(Ordering::SeqCst))
    }

    /// Notes something that a person has to fix.
    pub(crate) fn complain(&self, error: &ApiError) {
        *self.complaint.lock() = Some(error.to_string());
    }

    /// What a person has to fix.
    pub(crate) fn complaint(&self) -> Option<String> {
        self.complaint.lock().clone()
    }

    /// The executor has answered.
    pub(crate) fn executor_answered(&self) {
        self.executor.store(self.now(), Ordering::SeqCst);
    }

    /// Whether it did in time.
    pub(crate) fn is_executor_alive(&self) -> bool {
        self.executor_alive.load(Ordering::SeqCst)
    }

    /// Whether the claims are certain.
    pub(crate) fn is_safe(&self) -> bool {
        self.beats.lock().is_safe(self.now())
    }

    /// Whether they were for the whole last threshold.
    pub(crate) fn were_good(&self) -> bool {
        self.beats.lock().were_good(self.now())
    }

    /// Since the last accepted beat.
    pub(crate) fn silence(&self) -> Duration {
        self.beats.lock().silence(self.now())
    }

    /// Ends the thread.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        self.stop.notify_one();
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
