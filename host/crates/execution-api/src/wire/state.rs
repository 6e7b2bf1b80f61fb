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

impl TaskQuery {
    /// One task instance.
    pub fn one(dag_id: &str, run_id: &str, task_id: &str, map_index: i32) -> Self {
        Self {
            dag_id: dag_id.into(),
            run_ids: vec![run_id.into()],
            task_ids: vec![task_id.into()],
            map_index: Some(map_index),
            ..Self::default()
        }
    }

    /// As a query string's pairs; lists repeat their name.
    pub(crate) fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = vec![("dag_id", self.dag_id.clone())];
        pairs.extend(self.map_index.map(|index| ("map_index", index.to_string())));
        pairs.extend(self.task_group_id.iter().map(|group| ("task_group_id", group.clone())));
        for (name, values) in
            [("task_ids", &self.task_ids), ("run_ids", &self.run_ids), ("logical_dates", &self.logical_dates)]
        {
            pairs.extend(values.iter().map(|value| (name, value.clone())));
        }
        pairs
    }
}
