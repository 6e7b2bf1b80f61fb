//! Accepts lines without waiting; one thread writes them.
//!
//! Invariants: a caller that hands over a line never waits for a disk; waiting lines are bounded in number and in
//! bytes, and lines beyond that are counted and dropped; no two lines of this host carry the same time, so that a
//! reader who sorts by it keeps their order.

mod batch;
mod thread;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use trigger_host_types::{Clock, JobId, TaskInstance, log};
use uuid::Uuid;

use self::thread::Writer;
use crate::folder::Folder;
use crate::line::{Note, Words};
use crate::mask::Masker;
use crate::telemetry::{self, Lost};
use crate::template::Template;

/// Lines that wait at most.
const MOST_LINES: usize = 65_536;
/// Bytes of lines that wait at most.
const MOST_BYTES: usize = 32 << 20;

/// Whose log a line belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// The task instance's id.
    pub id: Uuid,
    /// The task instance, by Dag, run, task and map index.
    pub instance: TaskInstance,
    /// Where the API says its log is, relative to the log folder; rendered from the template when it does not say.
    pub log_path: Option<String>,
}

/// How logs are written.
#[derive(Debug)]
pub struct WriterConfig {
    /// The log folder.
    pub folder: Arc<Folder>,
    /// For tasks whose log path the API does not say.
    pub template: Template,
    /// Bytes that the guest may fill of one file; the host's own lines have a little more.
    pub max_file: u64,
    /// Removes secrets from lines.
    pub masker: Masker,
    /// Says when a line was written.
    pub clock: Arc<dyn Clock>,
}

/// Accepts lines. Cheap to clone.
#[derive(Debug, Clone)]
pub struct TriggerLogs {
    lines: SyncSender<Command>,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    clock: Arc<dyn Clock>,
    /// The current Job, which is part of a file's name.
    job: AtomicI64,
    /// Microseconds of the last line.
    last: AtomicI64,
    /// Bytes of lines that wait.
    waiting: AtomicUsize,
}

/// A message to the thread.
#[derive(Debug)]
enum Command {
    Line(Box<Entry>),
    /// Everything before it has been written when the sender is gone.
    Flush(SyncSender<()>),
}

/// A line on its way.
#[derive(Debug)]
struct Entry {
    at: i64,
    job: JobId,
    task: Task,
    words: Words,
}

impl TriggerLogs {
    /// Starts the thread, which ends with the last clone of this.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn start(config: WriterConfig) -> io::Result<Self> {
        let (lines, received): (_, Receiver<Command>) = sync_channel(MOST_LINES);
        let state = Arc::new(State {
            clock: Arc::clone(&config.clock),
            job: AtomicI64::new(0),
            last: AtomicI64::new(0),
            waiting: AtomicUsize::new(0),
        });
        let writer = Writer::new(config, Arc::clone(&state));
        std::thread::Builder::new().name("trigger-logs".into()).spawn(move || writer.run(&received))?;
        Ok(Self { lines, state })
    }

    /// The Job that later lines belong to.
    pub fn registered(&self, job: JobId) {
        self.state.job.store(job.0, Ordering::SeqCst);
    }

    /// A line of a guest. Never waits.
    pub fn guest(&self, task: Task, line: log::Line) {
        self.send(task, Words::Guest(line));
    }

    /// A line of the host. Never waits.
    pub fn host(&self, task: Task, note: Note) {
        self.send(task, Words::Host(note));
    }

    fn send(&self, task: Task, words: Words) {
        let entry = Entry { at: self.state.now(), job: JobId(self.state.job.load(Ordering::SeqCst)), task, words };
        let size = entry.size();
        let waiting = self.state.waiting.fetch_add(size, Ordering::SeqCst);
        if waiting > MOST_BYTES || self.lines.try_send(Command::Line(Box::new(entry))).is_err() {
            self.state.waiting.fetch_sub(size, Ordering::SeqCst);
            telemetry::lost(1, Lost::Queue);
        }
    }

    /// Waits until everything given before is in its file, at most so long. False: it is not.
    pub fn flush(&self, within: Duration) -> bool {
        let (done, written) = sync_channel(1);
        let until = std::time::Instant::now() + within;
        let mut command = Command::Flush(done);
        // A full queue takes it as soon as the thread has taken a line from it.
        while let Err(std::sync::mpsc::TrySendError::Full(again)) = self.lines.try_send(command) {
            if std::time::Instant::now() >= until {
                return false;
            }
            command = again;
            std::thread::sleep(Duration::from_millis(1));
        }
        written.recv_timeout(until.saturating_duration_since(std::time::Instant::now())).is_ok()
    }
}

impl State {
    /// Microseconds since the epoch, later than every time given before.
    fn now(&self) -> i64 {
        let now = i64::try_from(self.clock.now()).unwrap_or(i64::MAX).saturating_mul(1_000);
        let later = |last: i64| Some(now.max(last.saturating_add(1)));
        self.last
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, later)
            .map_or(now, |last| now.max(last.saturating_add(1)))
    }
}

impl Entry {
    /// About how many bytes of memory it occupies.
    fn size(&self) -> usize {
        let Task { instance, log_path, .. } = &self.task;
        let names = instance.dag_id.len() + instance.run_id.len() + instance.task_id.len();
        size_of::<Self>() + names + log_path.as_ref().map_or(0, String::len) + self.words.size()
    }
}
