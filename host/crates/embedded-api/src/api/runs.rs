//! `GET dag-runs/count`, `{dag}/{run}`, `{dag}/{run}/state`.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use serde::Serialize;
use serde_json::value::RawValue;

use super::Shared;
use super::problem::Problem;
use super::query::Query;
use crate::store::runs::{self, Run};
use crate::store::tasks;
use crate::time;

pub(super) async fn count(State(app): State<Shared>, RawQuery(query): RawQuery) -> Result<Json<i64>, Problem> {
    let filter = Query::parse(query).filter()?;
    Ok(Json(app.store.read(move |connection| tasks::count_runs(connection, &filter)).await?))
}

#[derive(Serialize)]
pub(super) struct RunState {
    state: String,
}

pub(super) async fn state(
    State(app): State<Shared>,
    Path((dag_id, run_id)): Path<(String, String)>,
) -> Result<Json<RunState>, Problem> {
    let run = find(&app, &dag_id, &run_id).await?;
    Ok(Json(RunState { state: run.state }))
}

/// A run in Airflow's order of fields; what this server does not know is null.
#[derive(Serialize)]
pub(super) struct RunDetail {
    dag_id: String,
    run_id: String,
    logical_date: Option<String>,
    data_interval_start: Option<String>,
    data_interval_end: Option<String>,
    run_after: String,
    start_date: String,
    end_date: Option<String>,
    clear_number: u32,
    run_type: String,
    state: String,
    conf: Option<Box<RawValue>>,
    triggering_user_name: Option<()>,
    consumed_asset_events: [(); 0],
    partition_key: Option<()>,
    partition_date: Option<()>,
    note: Option<()>,
    team_name: Option<()>,
}

pub(super) async fn detail(
    State(app): State<Shared>,
    Path((dag_id, run_id)): Path<(String, String)>,
) -> Result<Json<RunDetail>, Problem> {
    let run = find(&app, &dag_id, &run_id).await?;
    Ok(Json(RunDetail {
        dag_id,
        run_id,
        logical_date: run.logical_date.map(time::text),
        data_interval_start: run.logical_date.map(time::text),
        data_interval_end: run.logical_date.map(time::text),
        run_after: time::text(run.run_after),
        start_date: time::text(run.start_date),
        end_date: run.end_date.map(time::text),
        clear_number: 0,
        run_type: run.run_type,
        state: run.state,
        conf: RawValue::from_string(run.conf).ok(),
        triggering_user_name: None,
        consumed_asset_events: [],
        partition_key: None,
        partition_date: None,
        note: None,
        team_name: None,
    }))
}

async fn find(app: &Shared, dag_id: &str, run_id: &str) -> Result<Run, Problem> {
    let (dag, run) = (dag_id.to_owned(), run_id.to_owned());
    let found = app.store.read(move |connection| runs::get(connection, &dag, &run)).await?;
    let missing = || format!("Dag run with dag_id '{dag_id}' and run_id '{run_id}' was not found");
    found.ok_or_else(|| Problem::not_found(missing()))
}
