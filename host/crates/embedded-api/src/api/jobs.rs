//! `POST jobs`, `jobs/{id}/heartbeat`, `jobs/{id}/complete`.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Serialize;

use super::Shared;
use super::body::{Body, path_integer};
use super::problem::Problem;
use crate::store::{Write, jobs};

/// What this server has beyond the plain endpoints.
const EXTENSIONS: [&str; 5] = ["checkpoint", BATCH, "event-kind", "idempotency-key", "runtime-token"];
const BATCH: &str = "event-batch";

#[derive(Serialize)]
pub(super) struct Registered {
    job_id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    extensions: Option<Vec<&'static str>>,
}

pub(super) async fn register(
    State(app): State<Shared>,
    bytes: Bytes,
) -> Result<(StatusCode, Json<Registered>), Problem> {
    let mut body = Body::parse(&bytes)?;
    let (job_type, hostname) = (body.text("job_type"), body.text("hostname"));
    body.finish()?;
    let job_id = app.store.write(move |write| jobs::register(write, &job_type, &hostname)).await?;
    let has = |name: &&str| *name != BATCH || app.event_batch;
    let extensions = app.extensions.then(|| EXTENSIONS.into_iter().filter(has).collect());
    Ok((StatusCode::CREATED, Json(Registered { job_id, extensions })))
}

pub(super) async fn heartbeat(State(app): State<Shared>, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    on_job(&app, &id, jobs::heartbeat).await
}

pub(super) async fn complete(State(app): State<Shared>, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    on_job(&app, &id, jobs::complete).await
}

async fn on_job(
    app: &Shared,
    id: &str,
    operation: fn(&Write<'_>, i64) -> Result<bool, crate::error::StoreError>,
) -> Result<StatusCode, Problem> {
    let id = path_integer("job_id", id)?;
    match app.store.write(move |write| operation(write, id)).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::Detail(StatusCode::NOT_FOUND, format!("Job {id} not found"))),
    }
}
