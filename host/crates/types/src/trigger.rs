//! What a trigger is for.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// What waits for a trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TriggerKind {
    /// A deferred task.
    Task,
    /// An asset watcher.
    Asset,
    /// A callback.
    Callback,
}

impl TriggerKind {
    /// The name as text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Asset => "asset",
            Self::Callback => "callback",
        }
    }
}

/// The deferred task instance, as a guest may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskInstance {
    /// Id of the Dag.
    pub dag_id: String,
    /// Id of the Dag run.
    pub run_id: String,
    /// Id of the task.
    pub task_id: String,
    /// -1 when not mapped.
    pub map_index: i32,
    /// From 1.
    pub try_number: u32,
}

/// The assets that a watcher watches: name to URI. Shared, because each call of the watcher carries them.
pub type Assets = Arc<BTreeMap<String, String>>;
