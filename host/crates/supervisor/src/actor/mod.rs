//! The task that carries out the scheduler's effects and reports back to it: one event at a time, and it never waits
//! for a request or a guest.
//!
//! Owns the scheduler, the operations that run (calls of guests, requests, each a task of the set) and the times of
//! `load` and `cleanup`.

mod drain;
mod effects;
mod fetches;
mod listen;
mod listening;
mod operations;
pub(crate) mod registering;
mod reports;
mod rounds;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use airflow_asks::Desk;
use execution_api::{Extensions, Registered};
use scheduler::{Bounds, Ticket};
use streams::Streams;
use telemetry::table;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep_until};
use trigger_host_types::step::Subject;
use trigger_host_types::{ClassPath, Clock, UnixMs};

use self::fetches::Fetches;
use self::listening::Listening;
use self::operations::Report;
use self::rounds::Rounds;
use crate::carried::{Scheduler, describe_server};
use crate::catalog::Catalog;
use crate::heart::Heart;
use crate::parts::Parts;
use crate::settings::Settings;
use crate::summary::Summary;
use crate::time::Time;

/// The actor looks at its heart and its watchdog at least this often.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Paths without a component that are logged one by one.
const MAX_UNMAPPED: usize = 1_000;
/// `on-kill` calls at once.
const KILLS: usize = 16;

/// What the handle asks for.
pub(crate) enum Command {
    /// End in order.
    Drain,
    /// Run this catalog.
    Reload(Arc<Catalog>),
    /// Load at once.
    Poke,
}

/// What the handle can see.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) triggers: usize,
    pub(crate) polling: usize,
    pub(crate) held: usize,
    pub(crate) draining: bool,
}

/// The running host.
pub(crate) struct Actor {
    settings: Settings,
    parts: Parts,
    clock: Arc<dyn Clock>,
    extensions: Extensions,
    heart: Arc<Heart>,
    scheduler: Scheduler,
    operations: JoinSet<Report>,
    calls: HashMap<Ticket, Running>,
    kills: Arc<Semaphore>,
    /// Where guests ask Airflow.
    desk: Desk,
    /// `on-kill` calls that run or wait for a place.
    killing: usize,
    rounds: Rounds,
    fetches: Fetches,
    listening: Listening,
    /// When known deferrals time out, so that `load` can be asked at once and virtual time does not jump over it.
    timeouts: BinaryHeap<Reverse<UnixMs>>,
    paused: bool,
    registering: bool,
    summary: Summary,
    /// Paths without a component that were logged.
    unmapped: HashSet<ClassPath>,
    counts: watch::Sender<Counts>,
}

/// A call that is running, and whose.
pub(crate) struct Running {
    call: AbortHandle,
    subject: Subject,
    /// Whether it waits for raw events, which it may do for ever: that is no call.
    listens: bool,
}

impl Actor {
    pub(crate) fn new(
        settings: Settings,
        parts: Parts,
        registered: Registered,
        heart: Arc<Heart>,
        streams: Streams,
        counts: watch::Sender<Counts>,
    ) -> Self {
        let clock = parts.time.clock();
        let bounds = Bounds {
            live_instances: settings.live_instances,
            deliveries: settings.deliveries.max(1),
            first_event_after: u64::try_from(settings.first_event_after.as_millis()).unwrap_or(u64::MAX),
            unmapped_tasks: settings.unmapped_tasks,
            unmapped_callbacks: settings.unmapped_callbacks,
        };
        Self {
            scheduler: Scheduler::new(bounds, describe_server(&registered), clock.now()),
            rounds: Rounds::new(settings.load_every, settings.cleanup_every, Instant::now()),
            settings,
            desk: Desk::new(parts.client.clone(), parts.masker.clone()),
            parts,
            clock,
            extensions: registered.extensions,
            heart,
            fetches: Fetches::default(),
            listening: Listening::new(streams),
            operations: JoinSet::new(),
            calls: HashMap::new(),
            kills: Arc::new(Semaphore::new(KILLS)),
            killing: 0,
            timeouts: BinaryHeap::new(),
            paused: false,
            registering: false,
            summary: Summary::default(),
            unmapped: HashSet::new(),
            counts,
        }
    }

    /// Runs until it is asked to drain and has done so.
    pub(crate) async fn run(mut self, mut commands: mpsc::Receiver<Command>) -> Summary {
        self.watch_executor();
        loop {
            self.look();
            self.carry_out();
            if self.jump() {
                continue;
            }
            let wake = self.wake();
            let heart = Arc::clone(&self.heart);
            // Every branch may be dropped: commands and reports stay queued, a notification is kept.
            tokio::select! {
                biased;
                command = commands.recv() => match command {
                    Some(Command::Poke) => self.rounds.load_at_once(Instant::now()),
                    Some(Command::Reload(catalog)) => self.reload(catalog),
                    Some(Command::Drain) | None => break,
                },
                Some(ended) = self.operations.join_next_with_id(), if !self.operations.is_empty() => self.handle_end(ended),
                () = heart.changed.notified() => {}
                () = sleep_until(wake) => {}
            }
        }
        self.drain().await
    }

    /// Looks at the heart, the rounds that are due, and the virtual clock.
    fn look(&mut self) {
        if self.heart.is_job_gone() {
            self.register_again();
        }
        let safe = self.heart.is_safe();
        if safe == self.paused {
            self.paused = !safe;
            if safe {
                // What is still listed is still ours; the answer decides before anything runs.
                self.rounds.load_at_once(Instant::now());
            } else {
                tracing::warn!("No heartbeat has been accepted for too long; guests are paused until one is.");
                self.scheduler.pause(self.clock.now());
            }
        }
        self.look_at_timeouts();
        self.start_rounds();
        self.count();
    }

    fn look_at_timeouts(&mut self) {
        let now = self.clock.now();
        while self.timeouts.peek().is_some_and(|Reverse(at)| *at < now) {
            self.timeouts.pop();
            self.rounds.load_at_once(Instant::now());
        }
    }

    /// Moves virtual time to the next timer when only timers are left; true when it did, so that what is due is looked
    /// at without a wait (a sleep, however short, takes a millisecond or two).
    fn jump(&mut self) -> bool {
        let Time::Virtual(clock) = &self.parts.time else { return false };
        let timeout = self.timeouts.peek().map(|Reverse(at)| at.saturating_add(1));
        let next = self.scheduler.next_wake().into_iter().chain(timeout).min();
        let idle = self.scheduler.is_quiescent() && self.rounds.is_settled() && !self.paused;
        match next.filter(|next| idle && *next > self.clock.now()) {
            Some(next) => {
                clock.advance_to(next);
                true
            }
            None => false,
        }
    }

    /// When to look again, if nothing happens before.
    fn wake(&self) -> Instant {
        let now = Instant::now();
        let latest = self.rounds.next().min(now + LOOK_EVERY);
        if matches!(self.parts.time, Time::Virtual(_)) {
            return latest;
        }
        let timer = self.scheduler.next_wake();
        let timer = timer.map(|at| now + Duration::from_millis(at.saturating_sub(self.clock.now())));
        timer.map_or(latest, |timer| timer.min(latest))
    }

    fn count(&mut self) {
        let counts = Counts {
            triggers: self.scheduler.triggers(),
            polling: self.scheduler.polling(),
            held: self.scheduler.held(),
            draining: self.scheduler.is_draining(),
        };
        table::TRIGGERS.get().set(counts.triggers as f64);
        table::TRIGGERS_HELD.get().set(counts.held as f64);
        table::HEARTBEAT_SILENCE.get().set(self.heart.silence().as_secs_f64());
        self.counts.send_replace(counts);
    }
}
