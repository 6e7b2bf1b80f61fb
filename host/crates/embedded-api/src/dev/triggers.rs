//! `/dev/defer`, `/dev/triggers`, `/dev/events`, `/dev/waiting`, `/dev/jobs`.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::time::Instant;
use trigger_host_types::TriggerId;

use super::{MaybeQuery, Refusal, read_query};
use crate::api::Shared;
use crate::defer::Defer;
use crate::store::jobs::JobRow;
use crate::store::overview::{TriggerRow, Waiting};
use crate::store::records::Record;
use crate::store::{defer as rows, jobs as job_rows, overview, records, scheduler};

/// The longest a question may wait for an answer.
const LONGEST_WAIT: f64 = 60.0;
/// Lines of one answer, where nothing else is asked for.
const PAGE: u32 = 10_000;

#[derive(Serialize)]
pub(super) struct Deferred {
    trigger_ids: Vec<TriggerId>,
}

pub(super) async fn defer(State(app): State<Shared>, text: String) -> Result<(StatusCode, Json<Deferred>), Refusal> {
    let triggers = Defer::list(&text)?;
    let trigger_ids = app.store.write(move |write| rows::defer(write, &triggers)).await?;
    Ok((StatusCode::CREATED, Json(Deferred { trigger_ids })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    #[serde(default)]
    after: i64,
    limit: Option<u32>,
    /// Seconds; only `/dev/events` waits.
    #[serde(default)]
    wait: f64,
}

#[derive(Serialize)]
pub(super) struct Triggers {
    triggers: Vec<TriggerRow>,
}

pub(super) async fn list(State(app): State<Shared>, page: MaybeQuery<Page>) -> Result<Json<Triggers>, Refusal> {
    let Page { after, limit, .. } = read_query(page)?;
    let limit = limit.unwrap_or(PAGE);
    let triggers = app.store.read(move |connection| overview::triggers(connection, after, limit)).await?;
    Ok(Json(Triggers { triggers }))
}

/// Takes the trigger away with what waits for it, as when its Dag or asset goes.
pub(super) async fn remove(State(app): State<Shared>, Path(id): Path<i64>) -> Result<StatusCode, Refusal> {
    match app.store.write(move |write| scheduler::remove(write, id)).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Refusal(StatusCode::NOT_FOUND, format!("there is no trigger {id}"))),
    }
}

/// A line of the record. `payload` is absent where its text is not strict JSON; then `payload_text` has it.
#[derive(Serialize)]
struct Line {
    sequence: i64,
    what: String,
    trigger_id: i64,
    classpath: Option<String>,
    job_id: Option<i64>,
    accepted_at: i64,
    effect: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload_text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    xcoms: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    idempotency_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lines: Option<Box<RawValue>>,
    /// Dropped repetitions of this event.
    repetitions: i64,
}

impl From<Record> for Line {
    fn from(record: Record) -> Self {
        let (payload, payload_text) = either(record.payload);
        Self {
            sequence: record.sequence,
            lines: (record.what == "failure")
                .then(|| either(Some(record.lines.unwrap_or_else(|| "null".into()))).0)
                .flatten(),
            what: record.what,
            trigger_id: record.trigger_id,
            classpath: record.classpath,
            job_id: record.job_id,
            accepted_at: record.accepted_at,
            effect: record.effect,
            kind: record.kind,
            payload,
            payload_text,
            xcoms: either(record.xcoms).0,
            idempotency_key: record.key,
            repetitions: record.repetitions,
        }
    }
}

/// The text as JSON, or as a text where it is not strict JSON or is deeper than most readers follow.
pub(super) fn either(text: Option<String>) -> (Option<Box<RawValue>>, Option<String>) {
    let Some(text) = text else { return (None, None) };
    // Parsed as a whole: a raw value alone would let a lone surrogate pass.
    if serde_json::from_str::<serde_json::Value>(&text).is_err() {
        return (None, Some(text));
    }
    (RawValue::from_string(text).ok(), None)
}

#[derive(Serialize)]
pub(super) struct Events {
    events: Vec<Line>,
}

/// With `wait`, answers as soon as there is a line, and empty when the wait or the server ends.
pub(super) async fn events(State(app): State<Shared>, page: MaybeQuery<Page>) -> Result<Json<Events>, Refusal> {
    let Page { after, limit, wait } = read_query(page)?;
    let limit = limit.unwrap_or(PAGE);
    if !(0.0..=LONGEST_WAIT).contains(&wait) {
        return Err(Refusal(StatusCode::BAD_REQUEST, format!("`wait` must be 0 to {LONGEST_WAIT} seconds")));
    }
    let deadline = Instant::now() + Duration::from_secs_f64(wait);
    let (mut newest, mut stopping) = (app.store.newest(), app.stopping.clone());
    loop {
        let found = app.store.read(move |connection| records::after(connection, after, limit)).await?;
        if !found.is_empty() || wait == 0.0 || *stopping.borrow() || Instant::now() >= deadline {
            return Ok(Json(Events { events: found.into_iter().map(Line::from).collect() }));
        }
        // Cancel safety: all three only look.
        tokio::select! {
            _ = newest.wait_for(|newest| *newest > after) => {}
            _ = stopping.wait_for(|stopping| *stopping) => {}
            () = tokio::time::sleep_until(deadline) => {}
        }
    }
}

pub(super) async fn waiting(State(app): State<Shared>) -> Result<Json<Waiting>, Refusal> {
    Ok(Json(app.store.read(overview::waiting).await?))
}

#[derive(Serialize)]
pub(super) struct Jobs {
    jobs: Vec<JobRow>,
}

pub(super) async fn jobs(State(app): State<Shared>) -> Result<Json<Jobs>, Refusal> {
    Ok(Json(Jobs { jobs: app.store.read(job_rows::list).await? }))
}
