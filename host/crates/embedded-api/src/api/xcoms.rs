//! `xcoms/{dag}/{run}/{task}/{key}`: values pass as they are stored.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::problem::Problem;
use super::query::Query;
use super::{Shared, body};
use crate::store::runs;
use crate::store::xcoms::{self, Owner, Pick};

/// Airflow's `[core] max_map_length`.
const MAX_MAP_LENGTH: i64 = 1_024;

type Place = Path<(String, String, String, String)>;

fn place(
    (dag_id, run_id, task_id, key): (String, String, String, String),
    query: &Query,
) -> Result<(Owner, String), Problem> {
    let map_index = query.integer("map_index")?.unwrap_or(-1);
    Ok((Owner { dag_id, run_id, task_id, map_index }, key))
}

#[derive(Serialize)]
pub(super) struct Xcom {
    key: String,
    value: Box<RawValue>,
}

pub(super) async fn get(
    State(app): State<Shared>,
    Path(at): Place,
    RawQuery(query): RawQuery,
) -> Result<Json<Xcom>, Problem> {
    let query = Query::parse(query);
    let (owner, key) = place(at, &query)?;
    let pick = match query.integer("offset")? {
        Some(offset) => Pick::Offset(offset),
        None if query.flag("include_prior_dates") => Pick::OrPriorRuns,
        None => Pick::MapIndex,
    };
    let (whose, name) = (owner.clone(), key.clone());
    let value = app.store.read(move |connection| xcoms::get(connection, &whose, &name, pick)).await?;
    let Owner { dag_id, run_id, task_id, map_index } = owner;
    let missing = format!(
        "XCom with key='{key}' map_index={map_index} not found for task '{task_id}' in DAG run '{run_id}' of '{dag_id}'"
    );
    let value = value.ok_or_else(|| Problem::not_found(missing))?;
    // Airflow stores what is not strict JSON and then cannot answer with it.
    let value = RawValue::from_string(value).map_err(|_| Problem::Unhandled)?;
    Ok(Json(Xcom { key, value }))
}

pub(super) async fn head(
    State(app): State<Shared>,
    Path(at): Place,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let (owner, key) = place(at, &Query::parse(query))?;
    let count = app.store.read(move |connection| xcoms::count(connection, &owner, &key)).await?;
    Ok([("content-range", format!("map_indexes {count}"))].into_response())
}

pub(super) async fn set(
    State(app): State<Shared>,
    Path(at): Place,
    RawQuery(query): RawQuery,
    bytes: Bytes,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let query = Query::parse(query);
    let (owner, key) = place(at, &query)?;
    let value = body::any(&bytes)?.text.to_owned();
    if let Some(length) = query.integer("mapped_length")?.filter(|length| *length > MAX_MAP_LENGTH) {
        let message =
            format!("pushed value is too large to map as a downstream's dependency: {length} > {MAX_MAP_LENGTH}");
        return Err(Problem::Reason(StatusCode::BAD_REQUEST, "unmappable_return_value_length", message));
    }
    let missing = format!("DAG run not found on DAG '{}' with ID '{}'", owner.dag_id, owner.run_id);
    let set = move |write: &mut crate::store::Write<'_>| {
        let known = runs::get(write.connection, &owner.dag_id, &owner.run_id)?.is_some();
        if known {
            xcoms::set(write, &owner, &key, &value)?;
        }
        Ok::<_, crate::error::StoreError>(known)
    };
    match app.store.write(set).await? {
        true => Ok((StatusCode::CREATED, Json(json!({"message": "XCom successfully set"})))),
        false => Err(Problem::Detail(StatusCode::NOT_FOUND, missing)),
    }
}

pub(super) async fn delete(
    State(app): State<Shared>,
    Path(at): Place,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Problem> {
    let (owner, key) = place(at, &Query::parse(query))?;
    let message = format!("XCom with key: {key} successfully deleted.");
    app.store.write(move |write| xcoms::delete(write, &owner, &key)).await?;
    Ok(Json(json!({"message": message})))
}
