//! Task instances and Dag runs: how many, in what state.

use serde_json::value::RawValue;

use super::AirflowAccess;
use crate::error::ApiError;
use crate::wire::{DagRunQuery, TaskQuery, TaskStates, TaskStatesAnswer};

#[derive(serde::Deserialize)]
struct StateAnswer {
    state: String,
}

impl AirflowAccess {
    /// `GET task-instances/states`.
    ///
    /// # Errors
    /// [`ApiError::NotFound`] for an unknown task group; see [`ApiError`].
    pub async fn task_states(&self, query: &TaskQuery) -> Result<TaskStates, ApiError> {
        let answer: TaskStatesAnswer = self.get(&["task-instances", "states"], query.to_pairs()).await?;
        Ok(answer.task_states)
    }

    /// `GET task-instances/count`: in any of `states`, where `null` means none; any state when there are none.
    ///
    /// # Errors
    /// As [`AirflowAccess::task_states`].
    pub async fn task_count(&self, query: &TaskQuery, states: &[String]) -> Result<u64, ApiError> {
        let mut pairs = query.to_pairs();
        pairs.extend(states.iter().map(|state| ("states", state.clone())));
        self.get(&["task-instances", "count"], pairs).await
    }

    /// `GET task-instances/previous/{dag}/{task}`: the task instance of the run before, as JSON; `None` when there is
    /// none. All but the ids may be absent.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn previous_task(
        &self,
        dag_id: &str,
        task_id: &str,
        logical_date: Option<&str>,
        map_index: Option<i32>,
        state: Option<&str>,
    ) -> Result<Option<Box<RawValue>>, ApiError> {
        let mut query = Vec::new();
        query.extend(logical_date.map(|date| ("logical_date", date.to_owned())));
        query.extend(map_index.map(|index| ("map_index", index.to_string())));
        query.extend(state.map(|state| ("state", state.to_owned())));
        self.get(&["task-instances", "previous", dag_id, task_id], query).await
    }

    /// `GET dag-runs/{dag}/{run}/state`.
    ///
    /// # Errors
    /// [`ApiError::NotFound`] for an unknown run.
    pub async fn dag_run_state(&self, dag_id: &str, run_id: &str) -> Result<String, ApiError> {
        let answer: StateAnswer = self.get(&["dag-runs", dag_id, run_id, "state"], Vec::new()).await?;
        Ok(answer.state)
    }

    /// `GET dag-runs/count`.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn dag_run_count(&self, query: &DagRunQuery) -> Result<u64, ApiError> {
        self.get(&["dag-runs", "count"], query.to_pairs()).await
    }

    /// `GET dag-runs/{dag}/{run}`: the run as JSON.
    ///
    /// # Errors
    /// [`ApiError::NotFound`] for an unknown run.
    pub async fn dag_run(&self, dag_id: &str, run_id: &str) -> Result<Box<RawValue>, ApiError> {
        self.get(&["dag-runs", dag_id, run_id], Vec::new()).await
    }
}
