//! Asking for task instances: which ones, and in what state. Source: contract/execution-api.md section 6.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Which task instances are meant. Empty lists do not restrict.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TaskQuery {
    /// The one Dag.
    pub dag_id: String,
    /// Only these runs.
    pub run_ids: Vec<String>,
    /// Only these tasks.
    pub task_ids: Vec<String>,
    /// Only the tasks of this group.
    pub task_group_id: Option<String>,
    /// Only runs with these logical dates: RFC 3339 with an offset.
    pub logical_dates: Vec<String>,
    /// Only this mapped instance.
    pub map_index: Option<i32>,
}

/// Run id to task id (`task_mapindex` for a mapped one) to state, which is absent when the task has none yet.
pub type TaskStates = BTreeMap<String, BTreeMap<String, Option<String>>>;

/// The answer of `GET task-instances/states`.
#[derive(Deserialize)]
pub(crate) struct TaskStatesAnswer {
    pub(crate) task_states: TaskStates,
}
