//! `connections/{id}`, `variables/{key}` and `variables/keys`.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

use super::Shared;
use super::body::Body;
use super::problem::Problem;
use super::query::Query;
use crate::store::{connections, variables};

#[derive(Serialize)]
pub(super) struct Connection {
    conn_id: String,
    conn_type: String,
    host: Option<String>,
    schema: Option<String>,
    login: Option<String>,
    password: Option<String>,
    port: Option<i64>,
    extra: Option<String>,
}

pub(super) async fn connection(State(app): State<Shared>, Path(id): Path<String>) -> Result<Json<Connection>, Problem> {
    // Airflow's router splits at an encoded slash too, and then knows no such route.
    if id.contains('/') {
        return Err(Problem::NoRoute);
    }
    let wanted = id.clone();
    let found = app.store.read(move |rows| connections::get(rows, &wanted)).await?;
    let fields = found.ok_or_else(|| Problem::not_found(format!("Connection with ID {id} not found")))?;
    let connections::Fields { conn_type, host, schema, login, password, port, extra } = fields;
    Ok(Json(Connection { conn_id: id, conn_type, host, schema, login, password, port, extra }))
}

#[derive(Serialize)]
pub(super) struct Variable {
    key: String,
    value: String,
}

pub(super) async fn variable(State(app): State<Shared>, Path(key): Path<String>) -> Result<Json<Variable>, Problem> {
    let wanted = key.clone();
    let value = app.store.read(move |connection| variables::get(connection, &wanted)).await?;
    let value = value.ok_or_else(|| Problem::not_found(format!("Variable with key '{key}' not found")))?;
    Ok(Json(Variable { key, value }))
}

pub(super) async fn put_variable(
    State(app): State<Shared>,
    Path(key): Path<String>,
    bytes: Bytes,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let mut body = Body::parse(&bytes)?;
    let value = body.optional_text("val");
    let value = value.or_else(|| body.optional_text("value"));
    let description = body.optional_text("description");
    // Both names are known, whichever was given.
    body.raw("value");
    body.finish()?;
    // What Python makes of a null on its way to the column.
    let value = value.unwrap_or_else(|| "None".to_owned());
    app.store.write(move |write| variables::put(write, &key, &value, description.as_deref())).await?;
    Ok((StatusCode::CREATED, Json(json!({"message": "Variable successfully set"}))))
}

pub(super) async fn delete_variable(State(app): State<Shared>, Path(key): Path<String>) -> Result<StatusCode, Problem> {
    app.store.write(move |write| variables::delete(write, &key)).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Serialize)]
pub(super) struct Keys {
    keys: Vec<String>,
    total_entries: i64,
}

pub(super) async fn variable_keys(State(app): State<Shared>, RawQuery(query): RawQuery) -> Result<Json<Keys>, Problem> {
    let query = Query::parse(query);
    let prefix = query.get("prefix").unwrap_or_default().to_owned();
    let limit = query.bounded("limit", 1_000, 1, 10_000)?;
    let offset = query.bounded("offset", 0, 0, i64::MAX)?;
    let page = app.store.read(move |connection| variables::keys(connection, &prefix, limit, offset)).await?;
    Ok(Json(Keys { keys: page.0, total_entries: page.1 }))
}
