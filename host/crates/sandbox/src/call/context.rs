//! One call of a guest: for whom, with what, under which limits.

use std::sync::Arc;

use trigger_host_types::{ClassPath, TaskInstance, TriggerId, TriggerKind, UnixMs};

use super::{HostCalls, Limits};

/// One call of a guest's `poll` or `on-kill`. Prints nothing: kwargs and checkpoint may hold a secret.
#[derive(Clone)]
pub struct Call {
    /// Who is being called, for whom, and when.
    pub context: Context,
    /// The trigger's arguments, neutral JSON text.
    pub kwargs: String,
    /// The last stored checkpoint, neutral JSON text.
    pub checkpoint: Option<String>,
    /// What the call may use.
    pub limits: Arc<Limits>,
    /// What the guest's imports reach.
    pub host: Arc<dyn HostCalls>,
}

/// Who is being called, for whom, and when. The guest sees all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// Airflow's id of the trigger.
    pub trigger_id: TriggerId,
    /// The class path Airflow stored.
    pub classpath: ClassPath,
    /// What waits for it.
    pub kind: TriggerKind,
    /// The host's time when the call begins.
    pub now: UnixMs,
    /// The deferred task, for the kind `task`.
    pub task: Option<TaskInstance>,
    /// When the scheduler gives the deferral up, if it does.
    pub timeout_at: Option<UnixMs>,
}
