//! The extension `POST triggers/{id}/runtime-token`: a short-lived token for what one trigger asks at run time.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Serialize;
use uuid::Uuid;

use super::Shared;
use super::body::{Body, path_integer};
use super::problem::Problem;
use crate::store::workloads::{self, Holder};

/// Holds a secret: prints nothing.
#[derive(Serialize)]
pub(super) struct Given {
    token: String,
    /// Seconds.
    expires_in: u64,
}

/// In the name of the waiting task instance; of nobody, the all-zero subject, for assets and callbacks.
pub(super) async fn runtime_token(
    State(app): State<Shared>,
    Path(id): Path<String>,
    bytes: Bytes,
) -> Result<Json<Given>, Problem> {
    let trigger = path_integer("trigger_id", &id)?;
    let mut body = Body::parse(&bytes)?;
    let job = body.integer("job_id");
    body.finish()?;
    let found = app.store.read(move |connection| workloads::holder(connection, trigger)).await?;
    let missing = || Problem::Detail(StatusCode::NOT_FOUND, format!("Trigger {trigger} not found"));
    let Holder { job: holder, task_instance } = found.ok_or_else(missing)?;
    if holder != Some(job) {
        let message = format!("Trigger {trigger} is not assigned to job {job}");
        return Err(Problem::Reason(StatusCode::CONFLICT, "not_holder", message));
    }
    let subject = task_instance.and_then(|id| id.parse().ok()).unwrap_or(Uuid::nil());
    let (token, expires_in) = app.tokens.sign(subject, app.real.now() / 1_000).ok_or(Problem::Unhandled)?;
    Ok(Json(Given { token, expires_in }))
}
