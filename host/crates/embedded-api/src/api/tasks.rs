//! `GET task-instances/count`, `states`, `previous/{dag}/{task}`.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use serde::Serialize;

use super::Shared;
use super::problem::Problem;
use super::query::Query;
use crate::store::tasks::{self, Before, Filter, Previous, States};

/// This server knows no task groups, so each is unknown.
fn filter(query: &Query) -> Result<Filter, Problem> {
    let filter = query.filter()?;
    match query.get("task_group_id") {
        Some(group) => Err(Problem::not_found(format!("Task group {group} not found in DAG {}", filter.dag_id))),
        None => Ok(filter),
    }
}

pub(super) async fn count(State(app): State<Shared>, RawQuery(query): RawQuery) -> Result<Json<i64>, Problem> {
    let filter = filter(&Query::parse(query))?;
    Ok(Json(app.store.read(move |connection| tasks::count(connection, &filter)).await?))
}

#[derive(Serialize)]
pub(super) struct TaskStates {
    task_states: States,
}

pub(super) async fn states(State(app): State<Shared>, RawQuery(query): RawQuery) -> Result<Json<TaskStates>, Problem> {
    let filter = Filter { states: Vec::new(), ..filter(&Query::parse(query))? };
    let task_states = app.store.read(move |connection| tasks::states(connection, &filter)).await?;
    Ok(Json(TaskStates { task_states }))
}

pub(super) async fn previous(
    State(app): State<Shared>,
    Path((dag_id, task_id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Json<Option<Previous>>, Problem> {
    let query = Query::parse(query);
    let before = Before {
        dag_id,
        task_id,
        map_index: query.integer("map_index")?.unwrap_or(-1),
        logical_date: query.times("logical_date")?.pop(),
        state: query.get("state").map(str::to_owned),
    };
    Ok(Json(app.store.read(move |connection| tasks::previous(connection, &before)).await?))
}
