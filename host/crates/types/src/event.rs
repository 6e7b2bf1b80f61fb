//! What a trigger fires.

/// An event as a guest gave it: neutral JSON, not yet in Airflow's encoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Neutral JSON text.
    pub payload: String,
    /// What it does to the one who waits.
    pub kind: EventKind,
}

/// What an event does to the task that waits for it. See docs/design/encodings.md#event-payloads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventKind {
    /// Resumes the task, or tells the asset or the callback.
    Fire,
    /// Ends the task as succeeded; XComs to push.
    TaskSuccess(Vec<Xcom>),
    /// Ends the task as failed, or up for retry; XComs to push.
    TaskFailed(Vec<Xcom>),
    /// Ends the task as skipped; XComs to push.
    TaskSkipped(Vec<Xcom>),
}

impl EventKind {
    /// The value of the `Trigger-Event-Kind` request header.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Fire => "fire",
            Self::TaskSuccess(_) => "task-success",
            Self::TaskFailed(_) => "task-failed",
            Self::TaskSkipped(_) => "task-skipped",
        }
    }

    /// The XComs to push, none for `Fire`.
    pub fn xcoms(&self) -> &[Xcom] {
        match self {
            Self::Fire => &[],
            Self::TaskSuccess(xcoms) | Self::TaskFailed(xcoms) | Self::TaskSkipped(xcoms) => xcoms,
        }
    }
}

/// One XCom of a task-ending event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Xcom {
    /// Its key.
    pub key: String,
    /// Neutral JSON text.
    pub value: String,
}
