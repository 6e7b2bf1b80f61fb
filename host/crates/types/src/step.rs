//! The steps of a trigger's life, as they are shown, counted and recorded.
//!
//! Owns only the shapes. Two sides report steps: the host (the scheduler decides most of them, the supervisor reports
//! the rest) and the embedded API, for what only it knows.
//!
//! Invariants: the steps of one trigger arrive in order from each side; the embedded API reports a step only after the
//! commit that holds its effect.

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

impl Subject {
    /// A step that happened to this trigger.
    pub fn step(&self, at: UnixMs, what: StepKind) -> Step {
        Step { at, trigger: self.trigger, classpath: Some(self.classpath.clone()), what }
    }
}

/// One thing in one trigger's life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// When it happened, by the clock that triggers see.
    pub at: UnixMs,
    /// The trigger it happened to. Its row may be gone.
    pub trigger: TriggerId,
    /// The trigger's class path; `None` where the embedded API knows only the id.
    pub classpath: Option<ClassPath>,
    /// What happened.
    pub what: StepKind,
}

/// What can happen to a trigger: first what a host does with it, then what the embedded API does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepKind {
    /// Host: it runs here from now on.
    Claimed {
        /// What waits for it.
        kind: TriggerKind,
        /// Whether it continues from a stored checkpoint.
        resumed: bool,
        /// The component that runs for it; `None` when nothing is mapped to its class path.
        component: Option<Digest>,
    },
    /// Host: a call ended.
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
    /// Host: a call ended without an answer. Reported before Airflow hears of it; a failure or another call follows.
    Stopped(Box<Stop>),
    /// Host: the API accepted an event.
    Fired {
        /// Neutral JSON text.
        payload: String,
        /// The idempotency key of the event.
        key: IdempotencyKey,
    },
    /// Host: it failed. For a task, the API has accepted the failure; an asset watcher starts again.
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
    /// Host: it is done with the trigger.
    Finished {
        /// Why.
        reason: Finish,
    },
    /// API: it waits from now on.
    Deferred {
        /// What waits for it.
        kind: TriggerKind,
    },
    /// API: an event was accepted and stored.
    EventStored {
        /// Its place in `/dev/events`.
        sequence: i64,
        /// The payload as it was sent.
        payload: String,
        /// What the event did.
        effect: Effect,
    },
    /// API: a repetition of a stored event was dropped.
    RepetitionDropped {
        /// The place of the event it repeats.
        sequence: i64,
    },
    /// API: a failure was accepted and stored.
    FailureStored {
        /// Its place in `/dev/events`.
        sequence: i64,
        /// The lines of the traceback.
        lines: Option<Vec<String>>,
        /// What the failure did.
        effect: Effect,
    },
    /// API: `timeout_after` passed before it fired.
    TimedOut {
        /// Its place in `/dev/events`.
        sequence: i64,
    },
    /// API: a person cleared or marked its task.
    Cleared,
    /// API: its row is deleted, because nothing needs it any more.
    Deleted,
}

impl StepKind {
    /// The name of the step, as `dev --output json` shows it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Claimed { .. } => "claimed",
            Self::Polled { .. } => "polled",
            Self::Stopped(_) => "stopped",
            Self::Fired { .. } => "fired",
            Self::Failed { .. } => "failed",
            Self::Finished { .. } => "finished",
            Self::Deferred { .. } => "deferred",
            Self::EventStored { .. } => "event-stored",
            Self::RepetitionDropped { .. } => "repetition-dropped",
            Self::FailureStored { .. } => "failure-stored",
            Self::TimedOut { .. } => "timed-out",
            Self::Cleared => "cleared",
            Self::Deleted => "deleted",
        }
    }
}

/// What an event or a failure that the embedded API accepted did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// The task was scheduled to resume.
    Resumed,
    /// The task was ended without resuming.
    Ended,
    /// The task was scheduled to fail.
    Failed,
    /// An asset event was made.
    AssetEvent,
    /// The callback's state was set.
    Callback,
    /// Nothing waited for it.
    Nothing,
}

impl Effect {
    /// The name as stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Resumed => "resumed",
            Self::Ended => "ended",
            Self::Failed => "failed",
            Self::AssetEvent => "asset_event",
            Self::Callback => "callback",
            Self::Nothing => "nothing",
        }
    }
}

/// Why a call has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
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
