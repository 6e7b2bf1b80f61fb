//! What the host asks at run time, from the runtime URL. Source: contract/execution-api.md section 6.

use reqwest::Method;

use super::Client;
use super::answer::{self, Route};
use super::exchange::Ask;
use crate::error::ApiError;
use crate::wire::{TaskQuery, TaskStates, TaskStatesAnswer, WireTaskInstance};

/// States of all tasks of some runs.
const STATES: u64 = 16 * 1024 * 1024;

impl Client {
    /// `GET task-instances/states`.
    ///
    /// # Errors
    /// [`ApiError::NotFound`] for an unknown task group; see [`ApiError`].
    pub async fn task_states(&self, query: &TaskQuery) -> Result<TaskStates, ApiError> {
        let mut ask = Ask::new(Method::GET, &["task-instances", "states"], STATES);
        ask.query = query.pairs();
        let answer = self.runtime.send(ask).await?;
        Ok(answer::parsed::<TaskStatesAnswer>(&answer, Route::Other)?.task_states)
    }

    /// The state of one task instance, as the on-kill rule asks for it: `deferred` means that the trigger went to another host.
    /// `None`: it has no state, or there is no such task instance any more.
    ///
    /// # Errors
    /// As [`Client::task_states`].
    pub async fn task_state(&self, ti: &WireTaskInstance) -> Result<Option<String>, ApiError> {
        let query = TaskQuery::one(&ti.dag_id, &ti.run_id, &ti.task_id, ti.map_index);
        let mut states = self.task_states(&query).await?;
        let key = if ti.map_index < 0 { ti.task_id.clone() } else { format!("{}_{}", ti.task_id, ti.map_index) };
        Ok(states.remove(&ti.run_id).and_then(|mut tasks| tasks.remove(&key)).flatten())
    }
}
