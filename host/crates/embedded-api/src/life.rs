//! What a watcher of the server is told, after it is stored.
//!
//! Invariant: a line of life is sent only after the transaction that holds its effect is committed.

use trigger_host_types::{ClassPath, TriggerId, TriggerKind, UnixMs};

/// One thing that happened to one trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// When, by the clock that triggers see.
    pub at: UnixMs,
    /// To which trigger. The row may be gone.
    pub trigger: TriggerId,
    /// What.
    pub what: Happened,
}

/// What can happen to a trigger, seen from the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    /// It waits from now on.
    Deferred {
        /// What is to run.
        classpath: ClassPath,
        /// What waits for it.
        kind: TriggerKind,
    },
    /// An event was accepted and stored.
    EventStored {
        /// Its place in `/dev/events`.
        sequence: i64,
        /// The payload as it was sent.
        payload: String,
        /// What it did.
        effect: Effect,
    },
    /// A repetition of a stored event was dropped.
    RepetitionDropped {
        /// The place of the event it repeats.
        sequence: i64,
    },
    /// A failure was accepted and stored.
    FailureStored {
        /// Its place in `/dev/events`.
        sequence: i64,
        /// The traceback lines.
        lines: Option<Vec<String>>,
        /// What it did.
        effect: Effect,
    },
    /// `timeout_after` passed.
    TimedOut {
        /// Its place in `/dev/events`.
        sequence: i64,
    },
    /// A person cleared or marked its task.
    Cleared,
    /// The row is gone: nothing needs it any more.
    Deleted,
}

/// What an accepted event or failure did.
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
    /// The callback was told.
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
