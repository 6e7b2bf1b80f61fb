//! What happens to triggers, told to whoever shows, counts or records it.

use std::time::Duration;

use trigger_host_types::{ClassPath, IdempotencyKey, TriggerId, TriggerKind, UnixMs, log};

/// Is told of every step in every trigger's life, in the order of the steps of one trigger. Called from the supervisor's own task: must not
/// block.
pub trait Observer: Send + Sync {
    /// One step.
    fn observe(&self, life: &Life);

    /// One line of a guest.
    fn log(&self, trigger: TriggerId, classpath: &ClassPath, line: &log::Line);
}

/// One step in one trigger's life.
#[derive(Debug, Clone)]
pub struct Life {
    /// When.
    pub at: UnixMs,
    /// Whose.
    pub trigger: TriggerId,
    /// What it runs.
    pub classpath: ClassPath,
    /// What happened.
    pub what: What,
}

/// A step.
#[derive(Debug, Clone)]
pub enum What {
    /// This host runs it from now on.
    Claimed {
        /// What waits for it.
        kind: TriggerKind,
        /// Whether it goes on from a stored checkpoint.
        resumed: bool,
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

/// Why this host is done with a trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// Its event was accepted.
    Fired,
    /// Its failure was accepted.
    Failed,
    /// The user ended what waited for it; `on-kill` is called where the component has a use for it.
    Killed,
    /// The API no longer lists it: it timed out, ended elsewhere, or belongs to another host now.
    Gone,
}

impl Finish {
    /// The reason as text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fired => "fired",
            Self::Failed => "failed",
            Self::Killed => "killed",
            Self::Gone => "gone",
        }
    }
}
