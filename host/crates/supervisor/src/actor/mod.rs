//! The task that carries the scheduler's effects out and reports back to it. One event at a time; it never waits for a request or a guest.
//!
//! Owns the scheduler, the operations that run (calls of guests, requests, each a task of the set) and the times of `load` and `cleanup`.

mod drain;
mod effects;
mod fetches;
mod listening;
mod operations;
mod rounds;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use airflow_asks::Desk;
use execution_api::{Extensions, Registered};
use streams::actor::Streams;
use telemetry::table;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::{AbortHandle, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};
use trigger_host_types::{ClassPath, Clock, UnixMs};

use self::fetches::Fetches;
use self::listening::Listening;
use self::operations::Report;
use self::rounds::Rounds;
use crate::catalog::{Catalog, Class};
use crate::heart::Heart;
use crate::observer::{Life, Subject, What};
use crate::scheduler::{Bounds, FailureMessage, Heard, Scheduler, Ticket, UNMAPPED};
use crate::settings::Settings;
use crate::summary::Summary;
use crate::supervisor::Parts;
use crate::time::Time;

/// The actor looks at its heart and its watchdog at least this often.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Paths without a component that are told of one by one.
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
    scheduler: Scheduler<Arc<Class>>,
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
    /// Paths without a component that were told of.
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
            scheduler: Scheduler::new(bounds, effects::server_of(&registered), clock.now()),
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

    /// Until it is told to drain and has done so.
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
                Some(ended) = self.operations.join_next_with_id(), if !self.operations.is_empty() => self.ended(ended),
                () = heart.changed.notified() => {}
                () = sleep_until(wake) => {}
            }
        }
        self.drain().await
    }

    /// Looks at the heart, the rounds that are due, and the virtual clock.
    fn look(&mut self) {
        if self.heart.is_job_gone() {
            self.register_anew();
        }
        let safe = self.heart.is_safe();
        if safe == self.paused {
            self.paused = !safe;
            if safe {
                // What is still listed is still ours; the answer decides before anything runs.
                self.rounds.load_at_once(Instant::now());
            } else {
                tracing::warn!("No heartbeat was accepted for too long: guests are paused until one is.");
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

    /// Moves virtual time to the next timer when only timers are left; true when it did, so that what is due is looked at without a wait (a
    /// sleep, however short, takes a millisecond or two).
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

    fn ended(&mut self, ended: Result<(tokio::task::Id, Report), JoinError>) {
        match ended {
            Ok((_, report)) => self.report(report),
            Err(error) if error.is_cancelled() => {}
            Err(error) => self.panicked(error.id()),
        }
    }

    /// One of our own tasks panicked: a call's trigger fails, everything else goes on.
    fn panicked(&mut self, task: tokio::task::Id) {
        tracing::error!("An operation ended unexpectedly; this is a fault of Trigger Host, please report it.");
        let ticket = self.calls.iter().find(|(_, running)| running.call.id() == task).map(|(ticket, _)| *ticket);
        if let Some(ticket) = ticket {
            let listened = self.calls.remove(&ticket).is_some_and(|running| running.listens);
            let message = "the host failed while it ran the trigger".to_owned();
            let failure = FailureMessage { reason: "host", lines: Some(vec![message.clone()]), message };
            if listened {
                let heard = Heard { outcome: Err(failure), worked: false };
                self.scheduler.heard(ticket, heard, self.clock.now());
            } else {
                self.scheduler.poll_ended(ticket, Err(failure), self.clock.now());
            }
        }
    }

    fn reload(&mut self, catalog: Arc<Catalog>) {
        let now = self.clock.now();
        self.scheduler.remap(|trigger| catalog.get(trigger.kind, &trigger.classpath).cloned(), now);
        self.unmapped.clear();
        self.listening.leave_all();
        tracing::info!(classpaths = catalog.len(), "A new catalog is in force.");
        self.parts.catalog = catalog;
    }

    fn tell(&mut self, life: &Life) {
        self.say_unmapped(life);
        match life.what {
            What::Fired { .. } => table::EVENTS_FIRED.get().increment(1),
            What::Failed { reason, .. } => table::TRIGGERS_FAILED.with([reason]).increment(1),
            _ => {}
        }
        if matches!(life.what, What::Finished { .. }) {
            self.listening.gone(&life.subject);
        }
        self.summary.count(life);
        self.parts.observer.observe(life);
    }

    /// Once for each path: there may be thousands of triggers of one.
    fn say_unmapped(&mut self, life: &Life) {
        let What::Failed { reason: UNMAPPED, message, .. } = &life.what else { return };
        let Subject { trigger, classpath, .. } = &life.subject;
        if self.unmapped.len() < MAX_UNMAPPED && self.unmapped.insert(classpath.clone()) {
            tracing::error!(%classpath, first_trigger_id = %trigger, "{message}");
        }
    }

    fn count(&mut self) {
        let counts = Counts {
            triggers: self.scheduler.len(),
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
