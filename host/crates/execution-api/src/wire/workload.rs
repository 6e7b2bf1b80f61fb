//! A workload: one trigger to run. See docs/design/execution-api.md#workloads.
//!
//! A plain parse type: a million of them may be held, so what is large and rare stays unparsed text behind a pointer.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use trigger_host_types::{ClassPath, TaskInstance, TriggerId, TriggerKind, UnixMs};
use uuid::Uuid;

use super::StoredCheckpoint;

/// The one class path that Airflow gives to every callback.
pub const CALLBACK_CLASSPATH: &str = "airflow.triggers.callback.CallbackTrigger";

/// One trigger to run, as the server describes it. Unknown fields are ignored.
#[derive(Clone, Deserialize)]
pub struct RunTrigger {
    /// Its row.
    pub id: TriggerId,
    /// What the catalog looks up.
    pub classpath: ClassPath,
    /// A Fernet token, or plain JSON text beginning with `{`. See [`encodings::kwargs_from_wire`].
    pub encrypted_kwargs: Box<str>,
    /// The waiting task instance; absent for assets and callbacks.
    #[serde(default)]
    pub ti: Option<Box<WireTaskInstance>>,
    /// When the scheduler will time the task out. The host never enforces it.
    #[serde(default, deserialize_with = "unix_ms")]
    pub timeout_after: Option<UnixMs>,
    /// The serialized Dag; only for tasks that start from their trigger.
    #[serde(default)]
    pub dag_data: Option<Box<RawValue>>,
    /// The Dag run; as `dag_data`.
    #[serde(default)]
    pub dag_run_data: Option<Box<RawValue>>,
    /// Name to URI, for asset watchers. Some servers leave it out.
    #[serde(default)]
    pub watched_assets: Option<Box<BTreeMap<String, String>>>,
    /// Where the task's log goes, relative to the log folder; only the plugin sends it.
    #[serde(default)]
    pub log_path: Option<Box<str>>,
    /// Where the trigger left off; only servers with the checkpoint extension send it.
    #[serde(default)]
    pub checkpoint: Option<StoredCheckpoint>,
}

impl RunTrigger {
    /// What waits for it. A watcher is what is neither a task's nor the callback class, as `watched_assets` may be left
    /// out.
    pub fn kind(&self) -> TriggerKind {
        if self.ti.is_some() {
            TriggerKind::Task
        } else if self.watched_assets.is_none() && self.classpath.as_str() == CALLBACK_CLASSPATH {
            TriggerKind::Callback
        } else {
            TriggerKind::Asset
        }
    }
}

/// The waiting task instance, as far as the host needs it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct WireTaskInstance {
    /// Its id.
    pub id: Uuid,
    /// Id of the task.
    pub task_id: String,
    /// Id of the Dag.
    pub dag_id: String,
    /// Id of the Dag run.
    pub run_id: String,
    /// From 1.
    pub try_number: u32,
    /// -1 when not mapped.
    #[serde(default = "unmapped")]
    pub map_index: i32,
    /// W3C trace context.
    #[serde(default)]
    pub context_carrier: Option<BTreeMap<String, serde_json::Value>>,
}

impl WireTaskInstance {
    /// What a guest may see of it.
    pub fn for_guest(&self) -> TaskInstance {
        TaskInstance {
            dag_id: self.dag_id.clone(),
            run_id: self.run_id.clone(),
            task_id: self.task_id.clone(),
            map_index: self.map_index,
            try_number: self.try_number,
        }
    }

    /// The `traceparent` of the task's trace.
    pub fn traceparent(&self) -> Option<&str> {
        self.context_carrier.as_ref()?.get("traceparent")?.as_str()
    }
}

const fn unmapped() -> i32 {
    -1
}

/// RFC 3339 text to milliseconds; a time before 1970 becomes 0.
fn unix_ms<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<UnixMs>, D::Error> {
    let at = Option::<jiff::Timestamp>::deserialize(deserializer)?;
    Ok(at.map(|at| UnixMs::try_from(at.as_millisecond()).unwrap_or(0)))
}

/// The answer of `POST triggers/workloads`. Each is parsed on its own, so that a broken one harms no other.
#[derive(Deserialize)]
pub(crate) struct WorkloadsAnswer<'a> {
    #[serde(borrow)]
    pub(crate) workloads: Vec<&'a RawValue>,
}
