//! The steps of a trigger's life, as they are shown, counted and recorded.
//!
//! Owns only the shapes. The scheduler decides most steps, the supervisor reports the rest, and observers receive them
//! in order.

use std::sync::Arc;
use std::time::Duration;

use crate::{ClassPath, Digest, IdempotencyKey, PackedTask, TriggerId, TriggerKind, UnixMs, Used};

/// The trigger that a step or a log line is about.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Airflow's id.
    pub trigger: TriggerId,
    /// Its class path; for a callback, the path of its function.
    pub classpath: ClassPath,
    /// What waits for it.
    pub kind: TriggerKind,
    /// The deferred task, for the kind `task`.
    pub task: Option<Arc<PackedTask>>,
}

/// One thing in one trigger's life.
#[derive(Debug, Clone)]
pub struct Step {
    /// When it happened, by the clock that triggers see.
    pub at: UnixMs,
    /// The trigger it happened to.
    pub subject: Subject,
    /// What happened.
    pub what: StepKind,
}

/// What can happen to a trigger on a host.
#[derive(Debug, Clone)]
pub enum StepKind {
    /// This host runs it from now on.
    Claimed {
        /// Whether it continues from a stored checkpoint.
        resumed: bool,
        /// The component that runs for it; `None` when nothing is mapped to its class path.
        component: Option<Digest>,
    },
    /// A call ended.
    Polled {
        /// CPU time of the guest.
        cpu: Duration,
        /// From the start of the call to its answer.
        wall: Duration,
        /// From the time it was due to the start of the call.
        late: Duration,
        /// The peak of the guest's linear memory, in bytes.
        memory: u64,
        /// Host calls made.
        host_calls: u32,
        /// When it is due again, if it answered and is.
        next: Option<UnixMs>,
    },
    /// A call ended without an answer. Reported before Airflow hears of it; a failure or another call follows.
    Stopped(Box<Stop>),
    /// The API accepted an event.
    Fired {
        /// Neutral JSON text.
        payload: String,
        /// The idempotency key of the event.
        key: IdempotencyKey,
    },
    /// It failed. For a task, the API has accepted the failure; an asset watcher starts again.
    Failed {
        /// A short stable code: an end reason of the sandbox, or one of the supervisor's own.
        reason: &'static str,
        /// One line.
        message: String,
        /// The lines of the task's log.
        lines: Vec<String>,
        /// When an asset watcher starts again.
        again: Option<UnixMs>,
    },
    /// This host is done with it.
    Finished {
        /// Why.
        reason: Finish,
    },
}

/// Why a call has no answer.
#[derive(Debug, Clone)]
pub struct Stop {
    /// A short stable code.
    pub reason: &'static str,
    /// One line, without secrets.
    pub message: String,
    /// What a person needs to find the cause, such as the functions of the guest; without secrets.
    pub details: Vec<String>,
    /// The limit that was reached and how much was used, if a limit was the reason.
    pub limit: Option<(String, String)>,
    /// What the call used; `None` when it was cancelled before that was known.
    pub used: Option<Used>,
}

/// Why this host is done with a trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// Its event was accepted.
    Fired,
    /// Its failure was accepted.
    Failed,
    /// The user ended what waited for it; `on-kill` is called if the component has one.
    Killed,
    /// The API no longer lists it, and its deferral had timed out: Airflow has given it up.
    TimedOut,
    /// The API no longer lists it: it ended elsewhere, or belongs to another host now.
    Gone,
    /// This host ends; another one continues from the checkpoint.
    Drained,
}

impl Finish {
    /// The reason as text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fired => "fired",
            Self::Failed => "failed",
            Self::Killed => "killed",
            Self::TimedOut => "timed-out",
            Self::Gone => "gone",
            Self::Drained => "drained",
        }
    }
}
