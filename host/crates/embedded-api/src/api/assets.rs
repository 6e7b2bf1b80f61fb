//! The state stores: `store/asset/by-name|by-uri/value|clear`, `store/ti/{id}/{key}`; and `hitlDetails`, which no
//! trigger's token reaches.

use axum::Extension;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::Shared;
use super::body::Body;
use super::layers::Subject;
use super::problem::Problem;
use super::query::Query;
use crate::store::states::{self, AssetColumn, Owner};
use crate::store::{column, tasks};
use crate::time;

#[derive(Serialize)]
pub(super) struct Stored {
    value: Box<RawValue>,
}

pub(super) async fn get(
    State(app): State<Shared>,
    Path(by): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Stored>, Problem> {
    let query = Query::parse(query);
    let owner = asset(&app, &by, &query).await?;
    value(&app, owner, query.required("key")?, "Asset").await
}

pub(super) async fn put(
    State(app): State<Shared>,
    Extension(Subject(subject)): Extension<Subject>,
    Path(by): Path<String>,
    RawQuery(query): RawQuery,
    bytes: Bytes,
) -> Result<StatusCode, Problem> {
    let query = Query::parse(query);
    let key = query.required("key")?;
    let (value, _) = new_value(&bytes, false)?;
    let owner = asset(&app, &by, &query).await?;
    // The zero subject is a watcher; any other is a task that must be known.
    if !subject.is_nil() {
        known_task(&app, subject, |id| format!("Task instance UUID('{id}') not found")).await?;
    }
    app.store.write(move |write| states::put(write, &owner, &key, &value, None)).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn delete(
    State(app): State<Shared>,
    Path(by): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<StatusCode, Problem> {
    let query = Query::parse(query);
    let key = query.required("key")?;
    let owner = asset(&app, &by, &query).await?;
    remove(&app, owner, Some(key)).await
}

pub(super) async fn clear(
    State(app): State<Shared>,
    Path(by): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<StatusCode, Problem> {
    let owner = asset(&app, &by, &Query::parse(query)).await?;
    remove(&app, owner, None).await
}

/// The asset named by its name or URI.
async fn asset(app: &Shared, by: &str, query: &Query) -> Result<Owner, Problem> {
    let (name, column) = match by {
        "by-name" => ("name", AssetColumn::Name),
        "by-uri" => ("uri", AssetColumn::Uri),
        _ => return Err(Problem::NoRoute),
    };
    let wanted = query.required(name)?;
    let missing = format!("Asset with {name}='{wanted}' not found");
    let found = app.store.read(move |connection| states::asset(connection, column, &wanted)).await?;
    Ok(Owner { scope: "asset", id: found.ok_or_else(|| Problem::not_found(missing))? })
}

pub(super) async fn get_task(
    State(app): State<Shared>,
    Extension(subject): Extension<Subject>,
    Path((id, key)): Path<(String, String)>,
) -> Result<Json<Stored>, Problem> {
    let owner = task(&app, subject, &id).await?;
    value(&app, owner, key, "Task").await
}

pub(super) async fn put_task(
    State(app): State<Shared>,
    Extension(subject): Extension<Subject>,
    Path((id, key)): Path<(String, String)>,
    bytes: Bytes,
) -> Result<StatusCode, Problem> {
    let owner = task(&app, subject, &id).await?;
    let (value, expires_at) = new_value(&bytes, true)?;
    app.store.write(move |write| states::put(write, &owner, &key, &value, expires_at)).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn delete_task(
    State(app): State<Shared>,
    Extension(subject): Extension<Subject>,
    Path((id, key)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let owner = task(&app, subject, &id).await?;
    remove(&app, owner, Some(key)).await
}

pub(super) async fn clear_task(
    State(app): State<Shared>,
    Extension(subject): Extension<Subject>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let owner = task(&app, subject, &id).await?;
    remove(&app, owner, None).await
}

/// No task of this server waits for a person.
pub(super) async fn hitl(Extension(subject): Extension<Subject>, Path(id): Path<String>) -> Problem {
    let message =
        "HITLDetail not found. This happens most likely due to clearing task instance before receiving response.";
    match own(subject, &id) {
        Ok(_) => Problem::not_found(message),
        Err(problem) => problem,
    }
}

/// The task instance of the path, which must be the caller.
async fn task(app: &Shared, subject: Subject, id: &str) -> Result<Owner, Problem> {
    let id = own(subject, id)?;
    known_task(app, id, |id| format!("Task instance {id} not found")).await?;
    Ok(Owner { scope: "ti", id: id.to_string() })
}

fn own(Subject(subject): Subject, id: &str) -> Result<Uuid, Problem> {
    let msg = "Input should be a valid UUID";
    let id: Uuid =
        id.parse().map_err(|_| Problem::invalid("uuid_parsing", &["path", "task_instance_id"], msg, id.into()))?;
    if id != subject {
        return Err(Problem::Detail(StatusCode::FORBIDDEN, "Token subject does not match task instance ID".to_owned()));
    }
    Ok(id)
}

async fn known_task(app: &Shared, id: Uuid, missing: impl Fn(Uuid) -> String) -> Result<(), Problem> {
    let wanted = id.to_string();
    let known = app.store.read(move |connection| tasks::exists(connection, &wanted)).await?;
    if known { Ok(()) } else { Err(Problem::not_found(missing(id))) }
}

async fn value(app: &Shared, owner: Owner, key: String, scope: &str) -> Result<Json<Stored>, Problem> {
    let (now, wanted) = (column(app.clock.now()), key.clone());
    let value = app.store.read(move |connection| states::get(connection, &owner, &wanted, now)).await?;
    let value = value.ok_or_else(|| Problem::not_found(format!("{scope} state store key '{key}' not found")))?;
    // A nested NaN was taken, and from then on no answer can be made.
    Ok(Json(Stored { value: RawValue::from_string(value).map_err(|_| Problem::Unhandled)? }))
}

async fn remove(app: &Shared, owner: Owner, key: Option<String>) -> Result<StatusCode, Problem> {
    app.store.write(move |write| states::delete(write, &owner, key.as_deref())).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The text of `value` and, where it is known, `expires_at` in milliseconds.
fn new_value(bytes: &[u8], expires: bool) -> Result<(String, Option<i64>), Problem> {
    let mut body = Body::parse(bytes)?;
    let value = body.raw("value").map(str::to_owned);
    let expires_at = if expires { body.optional_text("expires_at") } else { None };
    match value.as_deref() {
        None => body.add_fault("missing", &["value"], "Field required", Value::Null),
        Some("null") => {
            return Err(Problem::Invalid(vec![serde_json::json!({
                "type": "value_error", "loc": ["body", "value"], "msg": "Value error, value cannot be null", "input": null,
                "ctx": {"error": {}},
            })]));
        }
        Some("NaN" | "Infinity" | "-Infinity") => return Err(Problem::Unhandled),
        Some(_) => {}
    }
    body.finish()?;
    // A time without an offset fails only in the database.
    let expires_at = expires_at.map(|text| time::parse(&text).ok_or(Problem::Database)).transpose()?;
    Ok((value.unwrap_or_default(), expires_at))
}
