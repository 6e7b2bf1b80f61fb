//! `POST triggers/load`, `workloads`, `cleanup`, `{id}/event`, `{id}/failure`, and the extension
//! `PUT triggers/{id}/checkpoint`.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde::Serialize;

use super::Shared;
use super::body::{Body, path_integer};
use super::problem::Problem;
use crate::error::StoreError;
use crate::store::checkpoints::{self, Checkpoint, Kept};
use crate::store::claim::{self, Load};
use crate::store::events::{self, Accepted, EndState, Event, EventKind};
use crate::store::scheduler;
use crate::store::workloads::{self, RunTrigger};

#[derive(Serialize)]
pub(super) struct Loaded {
    trigger_ids: Vec<i64>,
}

pub(super) async fn load(State(app): State<Shared>, bytes: Bytes) -> Result<Json<Loaded>, Problem> {
    let mut body = Body::parse(&bytes)?;
    let load = Load {
        triggerer: body.integer("triggerer_id"),
        capacity: body.integer("capacity"),
        threshold: body.float("health_check_threshold"),
        queues: Load::queues(body.optional_texts("queues")),
        team: body.optional_text("team_name"),
    };
    body.finish()?;
    // The claim is short and must be alone; the list may be long and need not be.
    let claimed = load.clone();
    app.store.write(move |write| claim::claim(write, &claimed)).await?;
    let trigger_ids = app.store.read(move |connection| claim::held(connection, &load)).await?;
    Ok(Json(Loaded { trigger_ids }))
}

#[derive(Serialize)]
pub(super) struct Workloads {
    workloads: Vec<RunTrigger>,
}

pub(super) async fn workloads(State(app): State<Shared>, bytes: Bytes) -> Result<Json<Workloads>, Problem> {
    let mut body = Body::parse(&bytes)?;
    let ids = body.integers("trigger_ids");
    body.finish()?;
    let checkpoints = app.extensions;
    let workloads = app.store.read(move |connection| workloads::workloads(connection, &ids, checkpoints)).await?;
    Ok(Json(Workloads { workloads }))
}

pub(super) async fn cleanup(State(app): State<Shared>) -> Result<StatusCode, Problem> {
    app.store.write(scheduler::clean_up).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn event(
    State(app): State<Shared>,
    Path(id): Path<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<StatusCode, Problem> {
    let trigger = path_integer("trigger_id", &id)?;
    let (end, key) = if app.extensions { extensions(&headers)? } else { (None, None) };
    let mut body = Body::parse(&bytes)?;
    let payload = body.raw("payload").unwrap_or("null").to_owned();
    let kind = end.map_or(EventKind::Fire, |end| EventKind::End(end, body.object("xcoms")));
    body.finish()?;
    let event = Event { trigger, payload, kind, key };
    stored(app.store.write(move |write| events::event(write, &event)).await?)
}

/// The answer to one event.
pub(super) fn stored(accepted: Accepted) -> Result<StatusCode, Problem> {
    match accepted {
        Accepted::Stored => Ok(StatusCode::NO_CONTENT),
        Accepted::Undecodable => Err(Problem::Unhandled),
        Accepted::NotStorable => Err(Problem::Database),
    }
}

/// The request headers `Trigger-Event-Kind` and `Idempotency-Key`.
fn extensions(headers: &HeaderMap) -> Result<(Option<EndState>, Option<String>), Problem> {
    let text = |name: &str| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let end = match text("trigger-event-kind").as_deref() {
        None | Some("fire") => None,
        Some(name) => match EndState::from_name(name) {
            Some(end) => Some(end),
            None => {
                let msg = "Input should be 'fire', 'task-success', 'task-failed' or 'task-skipped'";
                return Err(Problem::invalid("literal_error", &["header", "Trigger-Event-Kind"], msg, name.into()));
            }
        },
    };
    Ok((end, text("idempotency-key").filter(|key| !key.is_empty())))
}

pub(super) async fn failure(
    State(app): State<Shared>,
    Path(id): Path<String>,
    bytes: Bytes,
) -> Result<StatusCode, Problem> {
    let id = path_integer("trigger_id", &id)?;
    let mut body = Body::parse(&bytes)?;
    let lines = body.optional_texts("error");
    body.finish()?;
    app.store.write(move |write| events::failure(write, id, lines)).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn checkpoint(
    State(app): State<Shared>,
    Path(id): Path<String>,
    bytes: Bytes,
) -> Result<StatusCode, Problem> {
    let trigger = path_integer("trigger_id", &id)?;
    let mut body = Body::parse(&bytes)?;
    let (job, position, value) = (body.integer("job_id"), body.integer("position"), body.optional_text("value"));
    body.finish()?;
    let checkpoint = Checkpoint { trigger, job, position, value };
    let kept = app.store.write(move |write| checkpoints::store(write, &checkpoint)).await;
    let conflict = |reason, message: String| Err(Problem::Reason(StatusCode::CONFLICT, reason, message));
    match kept.map_err(|error: StoreError| Problem::from(error))? {
        Kept::Stored => Ok(StatusCode::NO_CONTENT),
        Kept::NoTrigger => Err(Problem::Detail(StatusCode::NOT_FOUND, format!("Trigger {trigger} not found"))),
        Kept::NotHolder => conflict("not_holder", format!("Trigger {trigger} is not assigned to job {job}")),
        Kept::StalePosition => conflict(
            "stale_position",
            format!("A checkpoint of trigger {trigger} at position {position} or later is stored"),
        ),
    }
}
