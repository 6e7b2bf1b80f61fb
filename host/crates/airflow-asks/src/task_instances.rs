//! States of task instances.

use std::collections::BTreeMap;

use execution_api::{TaskQuery as WireTaskQuery, TaskStates as WireTaskStates, WirePreviousTask};
use trigger_host_types::airflow::{Error, PreviousTask, TaskCount, TaskPrevious, TaskQuery, TaskState, TaskStates};

use crate::asker::Asker;
use crate::failure::read_api_error;
use crate::question::{Question, Turn};
use crate::scope::Scope;
use crate::states::{allow_dag, convert_date, convert_dates};

impl Question for TaskCount {
    fn allow(&self, asker: &Asker) -> Result<(), Error> {
        allow_dag(self.query.dag_id.as_deref(), asker)
    }

    async fn put(self, turn: &Turn<'_>) -> Result<u64, Error> {
        let query = write_query(self.query, &turn.asker.scope)?;
        turn.airflow.task_count(&query, &self.states).await.map_err(read_api_error)
    }
}

impl Question for TaskStates {
    fn allow(&self, asker: &Asker) -> Result<(), Error> {
        allow_dag(self.query.dag_id.as_deref(), asker)
    }

    async fn put(self, turn: &Turn<'_>) -> Result<Vec<TaskState>, Error> {
        let query = write_query(self.query, &turn.asker.scope)?;
        Ok(read_states(turn.airflow.task_states(&query).await.map_err(read_api_error)?))
    }
}

impl Question for TaskPrevious {
    fn allow(&self, asker: &Asker) -> Result<(), Error> {
        allow_dag(self.dag_id.as_deref(), asker)
    }

    async fn put(self, turn: &Turn<'_>) -> Result<Option<PreviousTask>, Error> {
        let Self { dag_id, task_id, logical_date, map_index, state } = self;
        let dag_id = turn.asker.scope.dag_id(dag_id)?;
        let date = logical_date.as_deref().map(convert_date).transpose()?;
        let found = turn.airflow.previous_task(&dag_id, &task_id, date.as_deref(), map_index, state.as_deref()).await;
        let Some(found) = found.map_err(read_api_error)? else { return Ok(None) };
        let found = serde_json::from_str(found.get())
            .map_err(|_| Error::Other("Airflow's answer does not have the expected members".to_owned()))?;
        Ok(Some(read_previous(found)))
    }
}

fn write_query(query: TaskQuery, scope: &Scope) -> Result<WireTaskQuery, Error> {
    Ok(WireTaskQuery {
        dag_id: scope.dag_id(query.dag_id)?,
        run_ids: query.run_ids,
        task_ids: query.task_ids,
        task_group_id: query.task_group_id,
        logical_dates: convert_dates(&query.logical_dates)?,
        map_index: query.map_index,
    })
}

fn read_states(states: WireTaskStates) -> Vec<TaskState> {
    let read_run = |(run_id, tasks): (String, BTreeMap<String, Option<String>>)| {
        tasks.into_iter().map(move |(task, state)| TaskState { run_id: run_id.clone(), task, state })
    };
    states.into_iter().flat_map(read_run).collect()
}

fn read_previous(found: WirePreviousTask) -> PreviousTask {
    PreviousTask {
        run_id: found.run_id,
        state: found.state,
        try_number: found.try_number,
        map_index: found.map_index,
        logical_date: found.logical_date,
        start_date: found.start_date,
        end_date: found.end_date,
    }
}
