//! A workload as the scheduler receives it, and why a trigger cannot even start.

use trigger_host_types::{Assets, ClassPath, Digest, PackedTask, TriggerId, TriggerKind, UnixMs};

use crate::outside::Outside;

/// The reason of a trigger that no component is mapped to.
pub const UNMAPPED: &str = "unmapped";

/// A workload, decoded.
#[derive(Debug)]
pub struct Claim<O: Outside> {
    /// Airflow's id.
    pub id: TriggerId,
    /// As Airflow stores it; for a callback, the path of its function.
    pub classpath: ClassPath,
    /// What the class path is mapped to.
    pub class: Option<O::Class>,
    /// The component of the class.
    pub component: Option<Digest>,
    /// What waits for it.
    pub kind: TriggerKind,
    /// Neutral JSON text, or why there is none.
    pub kwargs: Result<String, Refusal>,
    /// The last checkpoint stored, neutral JSON text.
    pub checkpoint: Option<String>,
    /// Outcomes stored.
    pub position: u64,
    /// The deferred task instance.
    pub task: Option<PackedTask>,
    /// What an asset watcher watches, where the server says so.
    pub assets: Option<Assets>,
    /// No worker deferred the task: it starts from its trigger.
    pub starts_from_trigger: bool,
    /// When Airflow gives the deferral up.
    pub timeout_at: Option<UnixMs>,
}

/// Why a trigger cannot even be started.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// A short stable code.
    pub reason: &'static str,
    /// One line, which says what to do.
    pub message: String,
}

impl Refusal {
    /// For a trigger that was held for another reason first. Kwargs are an object, so their text is never empty: a
    /// trigger without any had kwargs that could not be decoded.
    pub(crate) fn undecoded() -> Self {
        Self { reason: "bad-kwargs", message: "its kwargs could not be decoded when it was claimed".into() }
    }

    pub(crate) fn unmapped(classpath: &ClassPath) -> Self {
        Self {
            reason: UNMAPPED,
            message: format!("no component is mapped to `{classpath}`: add a [[trigger]] for it to the host's catalog"),
        }
    }
}

/// What became of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claimed {
    /// It runs as soon as there is a slot.
    Ready,
    /// It cannot run, for this reason.
    Refused(&'static str),
    /// This host holds it already, or is ending.
    Ignored,
}

impl Claimed {
    /// The outcome in a word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Refused(reason) => reason,
            Self::Ignored => "ignored",
        }
    }
}
