//! What happens to triggers, told to whoever shows, counts or records it.

use std::sync::Arc;
use std::time::Duration;

use trigger_host_types::{ClassPath, Digest, IdempotencyKey, JobId, PackedTask, TriggerId, TriggerKind, UnixMs, log};

/// Is told of every step in every trigger's life, in the order of the steps of one trigger. Called from the supervisor's own task: must not
/// block.
pub trait Observer: Send + Sync {
    /// One step.
    fn observe(&self, life: &Life);

    /// One line of a guest.
    fn log(&self, subject: &Subject, line: &log::Line);

    /// Steps and lines from now on belong to this Job.
    fn registered(&self, _job: JobId) {}
}

/// The trigger that a step or a line is about.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Airflow's id.
    pub trigger: TriggerId,
    /// What it runs.
    pub classpath: ClassPath,
    /// What waits for it.
    pub kind: TriggerKind,
    /// The deferred task, for the kind `task`.
    pub task: Option<Arc<PackedTask>>,
}

/// One step in one trigger's life.
#[derive(Debug, Clone)]
pub struct Life {
    /// When.
    pub at: UnixMs,
    /// Whose.
    pub subject: Subject,
    /// What happened.
    pub what: What,
}

/// A step.
#[derive(Debug, Clone)]
pub enum What {
    /// This host runs it from now on.
    Claimed {
        /// Whether it goes on from a stored checkpoint.
        resumed: bool,
        /// What runs for it; none where nothing is mapped to its class path.
        component: Option<Digest>,
    },
    /// A call ended.
    Polled {
        /// CPU time of the guest.
        cpu: Duration,
        /// From call to answer.
        wall: Duration,
        /// From the time it was due to the call.
        late: Duration,
        /// Largest size of the guest's memories, in bytes.
        memory: u64,
        /// Host calls made.
        host_calls: u32,
        /// When it is due again, if it answered and is.
        next: Option<UnixMs>,
    },
    /// A call ended without an answer. Told before the API is; a failure or another call follows.
    Stopped(Box<Stop>),
    /// The API accepted an event.
    Fired {
        /// Neutral JSON text.
        payload: String,
        /// The key it carried.
        key: IdempotencyKey,
    },
    /// It failed. For a task the API has been told; an asset watcher starts again.
    Failed {
        /// A short stable code: an end reason of the sandbox, or one of the supervisor's own.
        reason: &'static str,
        /// One line.
        message: String,
        /// As in the task's log.
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

/// Why a call has no answer, for the one who asks.
#[derive(Debug, Clone)]
pub struct Stop {
    /// A short stable code.
    pub reason: &'static str,
    /// One line, without secrets.
    pub message: String,
    /// What a person needs to find the cause, such as the functions of the guest; without secrets.
    pub details: Vec<String>,
    /// The limit that was reached and what was used of it, where it was one.
    pub limit: Option<(String, String)>,
    /// What the call used; none where it was given up before it could say.
    pub used: Option<sandbox::Used>,
}

/// Why this host is done with a trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// Its event was accepted.
    Fired,
    /// Its failure was accepted.
    Failed,
    /// The user ended what waited for it; `on-kill` is called where the component has a use for it.
    Killed,
    /// The API no longer lists it, after its time was over: the scheduler has given it up.
    TimedOut,
    /// The API no longer lists it: it ended elsewhere, or belongs to another host now.
    Gone,
    /// This host ends; another one goes on from the checkpoint.
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
