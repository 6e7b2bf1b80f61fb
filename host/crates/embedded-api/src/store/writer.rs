//! The one thread that writes: takes what is queued, runs it in one transaction, commits once, then answers all.
//!
//! Invariants: nobody is answered, and no step is reported, before the commit; an operation that fails is undone alone
//! (a savepoint); an operation that makes SQLite give up the whole transaction fails all the operations in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::Connection;
use tokio::sync::{broadcast, mpsc, watch};
use trigger_host_types::step::{Step, StepKind};
use trigger_host_types::{ClassPath, Clock, TriggerId, TriggerKind, UnixMs};

use super::scheduler;
use crate::config::Config;
use crate::error::StoreError;

/// Most operations in one transaction: bounds how long the first of them waits for the last.
const GROUP_BOUND: usize = 256;

/// An operation in the queue; given an error instead of a transaction it does nothing but tell it.
pub(super) type Job = Box<dyn FnOnce(Result<&mut Write<'_>, StoreError>) -> Answer + Send>;

/// What an operation left behind: how to tell the one who asked. `Some` means that nothing of it was stored.
pub(super) struct Answer {
    pub(super) failed: bool,
    pub(super) tell: Box<dyn FnOnce(Option<StoreError>) + Send>,
}

/// What an operation works with.
pub(crate) struct Write<'a> {
    pub(crate) connection: &'a Connection,
    /// By the triggers' clock.
    pub(crate) now: UnixMs,
    /// By the hosts' clock.
    pub(crate) real: UnixMs,
    pub(crate) claims_per_class: usize,
    pub(crate) reuse_ids: bool,
    steps: &'a mut Vec<Step>,
}

impl Write<'_> {
    /// Reports a step to watchers, once this is committed.
    pub(crate) fn report(&mut self, trigger: i64, what: StepKind) {
        self.push(trigger, None, what);
    }

    /// Reports that a trigger waits from now on, once this is committed.
    pub(crate) fn report_deferred(&mut self, trigger: i64, classpath: ClassPath, kind: TriggerKind) {
        self.push(trigger, Some(classpath), StepKind::Deferred { kind });
    }

    fn push(&mut self, trigger: i64, classpath: Option<ClassPath>, what: StepKind) {
        self.steps.push(Step { at: self.now, trigger: TriggerId(trigger), classpath, what });
    }
}

pub(super) struct Writer {
    connection: Connection,
    clock: Arc<dyn Clock>,
    real: Arc<dyn Clock>,
    claims_per_class: usize,
    reuse_ids: bool,
    next_timeout: Arc<AtomicU64>,
    newest: watch::Sender<i64>,
    steps: broadcast::Sender<Step>,
}

impl Writer {
    /// Starts the thread; it ends when the last [`super::Store`] is dropped.
    pub(super) fn start(
        connection: Connection,
        mut queue: mpsc::Receiver<Job>,
        config: &Config,
        next_timeout: Arc<AtomicU64>,
        newest: watch::Sender<i64>,
        steps: broadcast::Sender<Step>,
    ) -> std::io::Result<()> {
        let mut writer = Self {
            connection,
            clock: Arc::clone(&config.clock),
            real: Arc::clone(&config.real),
            claims_per_class: usize::try_from(config.claims_per_class).unwrap_or(usize::MAX),
            reuse_ids: config.reuse_ids,
            next_timeout,
            newest,
            steps,
        };
        writer.look_ahead();
        std::thread::Builder::new().name("embedded-api-writer".to_owned()).spawn(move || {
            while let Some(first) = queue.blocking_recv() {
                writer.group(first, &mut queue);
            }
        })?;
        Ok(())
    }

    fn group(&mut self, first: Job, queue: &mut mpsc::Receiver<Job>) {
        let mut answers = Vec::new();
        let mut steps = Vec::new();
        let ran = self.run(first, queue, &mut answers, &mut steps);
        let ended = ran.and_then(|()| self.connection.execute_batch("COMMIT").map_err(|error| error.to_string()));
        let lost = ended.err();
        if let Some(error) = &lost {
            if !self.connection.is_autocommit() {
                drop(self.connection.execute_batch("ROLLBACK"));
            }
            tracing::warn!(error, writes = answers.len(), "The database gave up a transaction.");
        }
        if lost.is_none() {
            self.look_ahead();
            for step in steps {
                // It is fine when nobody watches.
                drop(self.steps.send(step));
            }
        }
        for answer in answers {
            (answer.tell)(lost.clone().map(StoreError::Lost));
        }
    }

    /// Runs the first operation and those that queue behind it. An error means that the transaction is lost, and says
    /// why.
    fn run(
        &self,
        first: Job,
        queue: &mut mpsc::Receiver<Job>,
        answers: &mut Vec<Answer>,
        steps: &mut Vec<Step>,
    ) -> Result<(), String> {
        let mut write = Write {
            connection: &self.connection,
            now: self.clock.now(),
            real: self.real.now(),
            claims_per_class: self.claims_per_class,
            reuse_ids: self.reuse_ids,
            steps,
        };
        if let Err(error) = self.begin(&mut write) {
            answers.push(first(Err(StoreError::Lost(error.clone()))));
            return Err(error);
        }
        let mut next = Some(first);
        while let Some(job) = next {
            self.alone(&mut write, |write| {
                let answer = job(Ok(write));
                let failed = answer.failed;
                answers.push(answer);
                !failed
            })?;
            next = if answers.len() < GROUP_BOUND { queue.try_recv().ok() } else { None };
        }
        Ok(())
    }

    /// Begins a transaction, and lets passed time-outs pass first. Trouble with those is theirs alone.
    fn begin(&self, write: &mut Write<'_>) -> Result<(), String> {
        self.statement("BEGIN IMMEDIATE")?;
        if write.now <= self.next_timeout.load(Ordering::SeqCst) {
            return Ok(());
        }
        self.alone(write, |write| {
            let passed = scheduler::time_out(write);
            if let Err(error) = &passed {
                tracing::warn!(error = %error, "Passed time-outs could not be stored.");
            }
            passed.is_ok()
        })
    }

    /// Runs this in a savepoint, and undoes it when it says that it failed.
    fn alone(&self, write: &mut Write<'_>, operation: impl FnOnce(&mut Write<'_>) -> bool) -> Result<(), String> {
        let before = write.steps.len();
        self.statement("SAVEPOINT one")?;
        let done = operation(write);
        if self.connection.is_autocommit() {
            return Err("SQLite rolled it back because of another write in it".to_owned());
        }
        if !done {
            write.steps.truncate(before);
            self.statement("ROLLBACK TO one")?;
        }
        self.statement("RELEASE one")
    }

    fn statement(&self, sql: &str) -> Result<(), String> {
        let run = || self.connection.prepare_cached(sql)?.execute([]);
        run().map(drop).map_err(|error| error.to_string())
    }

    /// Reads what waiters outside the thread follow.
    fn look_ahead(&mut self) {
        let one = |sql| -> rusqlite::Result<Option<i64>> {
            self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))
        };
        if let Ok(next) = one(scheduler::NEXT_TIMEOUT) {
            self.next_timeout.store(next.and_then(|at| u64::try_from(at).ok()).unwrap_or(u64::MAX), Ordering::SeqCst);
        }
        if let Ok(newest) = one("SELECT max(sequence) FROM record") {
            let newest = newest.unwrap_or(0);
            self.newest.send_if_modified(|known| std::mem::replace(known, newest) != newest);
        }
    }
}
