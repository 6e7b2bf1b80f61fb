//! One call of a guest: for whom, with what, under which limits.

use std::sync::Arc;

use trigger_host_types::{ClassPath, TaskInstance, TriggerId, TriggerKind, UnixMs};

use super::{HostCalls, Limits};
use crate::bindings::trigger_host::trigger::types as wit;

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

impl From<Context> for wit::Context {
    fn from(context: Context) -> Self {
        Self {
            // Ids of Airflow are positive.
            trigger_id: u64::try_from(context.trigger_id.0).unwrap_or(0),
            classpath: context.classpath.as_str().to_owned(),
            kind: match context.kind {
                TriggerKind::Task => wit::TriggerKind::Task,
                TriggerKind::Asset => wit::TriggerKind::Asset,
                TriggerKind::Callback => wit::TriggerKind::Callback,
            },
            now: context.now,
            task: context.task.map(|task| wit::TaskInstance {
                dag_id: task.dag_id,
                run_id: task.run_id,
                task_id: task.task_id,
                map_index: task.map_index,
                try_number: task.try_number,
            }),
            timeout_at: context.timeout_at,
        }
    }
}
