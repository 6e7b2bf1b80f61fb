//! `/dev/connections`, `/dev/variables`, `/dev/dag-runs`: what triggers find when they ask.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Body, Refusal};
use crate::api::Shared;
use crate::store::connections::{self, Fields};
use crate::store::runs::{self, Change};
use crate::store::variables;
use crate::time;

pub(super) async fn put_connection(
    State(app): State<Shared>,
    Path(id): Path<String>,
    Body(fields): Body<Fields>,
) -> Result<StatusCode, Refusal> {
    app.store.write(move |write| connections::put(write, &id, &fields)).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn delete_connection(
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    let missing = Refusal(StatusCode::NOT_FOUND, format!("there is no connection `{id}`"));
    let gone = app.store.write(move |write| connections::delete(write, &id)).await?;
    if gone { Ok(StatusCode::NO_CONTENT) } else { Err(missing) }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewVariable {
    value: String,
    description: Option<String>,
}

pub(super) async fn put_variable(
    State(app): State<Shared>,
    Path(key): Path<String>,
    Body(new): Body<NewVariable>,
) -> Result<StatusCode, Refusal> {
    app.store.write(move |write| variables::put(write, &key, &new.value, new.description.as_deref())).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn delete_variable(State(app): State<Shared>, Path(key): Path<String>) -> Result<StatusCode, Refusal> {
    let missing = Refusal(StatusCode::NOT_FOUND, format!("there is no variable `{key}`"));
    let gone = app.store.write(move |write| variables::delete(write, &key)).await?;
    if gone { Ok(StatusCode::NO_CONTENT) } else { Err(missing) }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewRun {
    state: Option<String>,
    /// RFC 3339 with an offset.
    logical_date: Option<String>,
    run_type: Option<String>,
    conf: Option<Box<RawValue>>,
}

pub(super) async fn put_run(
    State(app): State<Shared>,
    Path((dag_id, run_id)): Path<(String, String)>,
    Body(new): Body<NewRun>,
) -> Result<StatusCode, Refusal> {
    let wrong = |text: &str| {
        Refusal(StatusCode::BAD_REQUEST, format!("`logical_date` must be RFC 3339 with an offset, not `{text}`"))
    };
    let parse = |text: String| time::parse(&text).ok_or_else(|| wrong(&text));
    let change = Change {
        state: new.state,
        logical_date: new.logical_date.map(parse).transpose()?,
        run_type: new.run_type,
        conf: new.conf.map(|conf| conf.get().to_owned()),
    };
    app.store.write(move |write| runs::put(write, &dag_id, &run_id, &change)).await?;
    Ok(StatusCode::NO_CONTENT)
}
