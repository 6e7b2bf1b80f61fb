//! Queries for states: from the guest's words to the API's, and the answers back.

use encodings::moment_text;
use execution_api::{DagRunQuery, TaskQuery, TaskStates, WirePreviousTask};
use serde_json::value::RawValue;
use trigger_host_types::runtime::{self, Error, PreviousTask, TaskState};

use super::Scope;

pub(super) fn task_query(query: runtime::TaskQuery, scope: &Scope) -> Result<TaskQuery, Error> {
    Ok(TaskQuery {
        dag_id: scope.dag_id(query.dag_id)?,
        run_ids: query.run_ids,
        task_ids: query.task_ids,
        task_group_id: query.task_group_id,
        logical_dates: dates(&query.logical_dates)?,
        map_index: query.map_index,
    })
}

pub(super) fn dag_run_query(query: runtime::DagRunQuery, scope: &Scope) -> Result<DagRunQuery, Error> {
    Ok(DagRunQuery {
        dag_id: scope.dag_id(query.dag_id)?,
        run_ids: query.run_ids,
        logical_dates: dates(&query.logical_dates)?,
        states: query.states,
    })
}

fn dates(texts: &[String]) -> Result<Vec<String>, Error> {
    texts.iter().map(|text| date(text)).collect()
}

/// The server takes a time without an offset, and fails on it.
pub(super) fn date(text: &str) -> Result<String, Error> {
    let wrong =
        || Error::Invalid(format!("`{text}` is no RFC 3339 time with an offset, such as `2026-01-31T12:00:00Z`"));
    moment_text(text).ok_or_else(wrong)
}

pub(super) fn task_states(states: TaskStates) -> Vec<TaskState> {
    let of_run = |(run_id, tasks): (String, std::collections::BTreeMap<String, Option<String>>)| {
        tasks.into_iter().map(move |(task, state)| TaskState { run_id: run_id.clone(), task, state })
    };
    states.into_iter().flat_map(of_run).collect()
}

pub(super) fn previous(found: Option<Box<RawValue>>) -> Result<Option<PreviousTask>, Error> {
    let Some(found) = found else { return Ok(None) };
    let found: WirePreviousTask = serde_json::from_str(found.get())
        .map_err(|_| Error::Other("Airflow's answer has not the expected members".to_owned()))?;
    Ok(Some(PreviousTask {
        run_id: found.run_id,
        state: found.state,
        try_number: found.try_number,
        map_index: found.map_index,
        logical_date: found.logical_date,
        start_date: found.start_date,
        end_date: found.end_date,
    }))
}
