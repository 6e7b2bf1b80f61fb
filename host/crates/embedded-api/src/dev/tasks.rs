//! `/dev/tasks`: what people see and do in Airflow's UI.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::value::RawValue;

use super::triggers::either;
use super::{Body, MaybeQuery, Refusal, read_query};
use crate::api::Shared;
use crate::store::overview::{self, TaskFilter, TaskRow};
use crate::store::scheduler::{self, Mark};
use crate::time;

/// A task. `next_kwargs` is absent where its text is not strict JSON; then `next_kwargs_text` has it.
#[derive(Serialize)]
struct Task {
    id: String,
    dag_id: String,
    run_id: String,
    task_id: String,
    map_index: i64,
    try_number: i64,
    state: Option<String>,
    trigger_id: Option<i64>,
    timeout_after: Option<String>,
    next_method: Option<String>,
    next_kwargs: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_kwargs_text: Option<String>,
}

impl From<TaskRow> for Task {
    fn from(row: TaskRow) -> Self {
        let (next_kwargs, next_kwargs_text) = either(row.next_kwargs);
        Self {
            id: row.id,
            dag_id: row.dag_id,
            run_id: row.run_id,
            task_id: row.task_id,
            map_index: row.map_index,
            try_number: row.try_number,
            state: row.state,
            trigger_id: row.trigger_id,
            timeout_after: row.timeout_after.map(time::text),
            next_method: row.next_method,
            next_kwargs,
            next_kwargs_text,
        }
    }
}

#[derive(Serialize)]
pub(super) struct Tasks {
    tasks: Vec<Task>,
}

pub(super) async fn list(State(app): State<Shared>, filter: MaybeQuery<TaskFilter>) -> Result<Json<Tasks>, Refusal> {
    let filter = read_query(filter)?;
    let rows = app.store.read(move |connection| overview::tasks(connection, &filter)).await?;
    Ok(Json(Tasks { tasks: rows.into_iter().map(Task::from).collect() }))
}

#[derive(Serialize)]
pub(super) struct Cut {
    /// The trigger the task waited for.
    trigger_id: Option<i64>,
}

pub(super) async fn clear(state: State<Shared>, Body(task): Body<Mark>) -> Result<Json<Cut>, Refusal> {
    if task.state.is_some() {
        return Err(Refusal(
            StatusCode::BAD_REQUEST,
            "clearing must not name a `state`: use `/dev/tasks/state`".to_owned(),
        ));
    }
    mark(state, task).await
}

pub(super) async fn state(state: State<Shared>, Body(task): Body<Mark>) -> Result<Json<Cut>, Refusal> {
    if task.state.is_none() {
        return Err(Refusal(StatusCode::BAD_REQUEST, "missing field `state`".to_owned()));
    }
    mark(state, task).await
}

async fn mark(State(app): State<Shared>, task: Mark) -> Result<Json<Cut>, Refusal> {
    let trigger_id = app.store.write(move |write| scheduler::mark(write, &task)).await?;
    Ok(Json(Cut { trigger_id }))
}
