//! The extension `POST triggers/events`: several events in one request, each with an answer of its own.
//!
//! Each stands alone, but once an event of a trigger failed, later ones of that trigger are not tried: their order is
//! the trigger's word.

use std::collections::BTreeSet;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

use super::Shared;
use super::body::Body;
use super::json;
use super::problem::Problem;
use super::triggers::stored;
use crate::error::StoreError;
use crate::faults::Faults;
use crate::store::Write;
use crate::store::events::{self, EndState, Event, EventKind};

/// Most events of one request.
const MOST: usize = 500;

#[derive(Serialize)]
pub(super) struct Answers {
    answers: Vec<Answer>,
}

#[derive(Serialize)]
struct Answer {
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<Value>,
}

impl From<Result<StatusCode, Problem>> for Answer {
    fn from(answer: Result<StatusCode, Problem>) -> Self {
        match answer {
            Ok(status) => Self { status: status.as_u16(), detail: None },
            Err(problem) => {
                let (status, detail) = problem.parts();
                Self { status: status.as_u16(), detail: Some(detail) }
            }
        }
    }
}

pub(super) async fn events(State(app): State<Shared>, bytes: Bytes) -> Result<Json<Answers>, Problem> {
    let events = read(&bytes)?;
    let faults = app.faults.clone();
    let answers = app.store.write(move |write| Ok::<_, StoreError>(all(write, &events, &faults))).await?;
    Ok(Json(Answers { answers }))
}

fn all(write: &mut Write<'_>, events: &[Event], faults: &Faults) -> Vec<Answer> {
    let mut failed = BTreeSet::new();
    let mut answers = Vec::with_capacity(events.len());
    for event in events {
        let answer = if failed.contains(&event.trigger) {
            Err(not_tried(event.trigger))
        } else if let Some(status) = faults.draw_status(event.trigger) {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            Err(Problem::Detail(status, "Made by a fault rule".to_owned()))
        } else {
            events::alone(write, event).map_err(Problem::from).and_then(stored)
        };
        if answer.is_err() {
            failed.insert(event.trigger);
        }
        answers.push(answer.into());
    }
    answers
}

fn not_tried(trigger: i64) -> Problem {
    let message = format!("An earlier event of trigger {trigger} failed, so this one was not tried");
    Problem::Reason(StatusCode::FAILED_DEPENDENCY, "earlier_event_failed", message)
}

/// The events of a body. A fault in one refuses all, as nothing was done yet.
fn read(bytes: &[u8]) -> Result<Vec<Event>, Problem> {
    let mut body = Body::parse(bytes)?;
    let texts = body.raw("events").map(json::items);
    match &texts {
        None => body.add_fault("missing", &["events"], "Field required", Value::Null),
        Some(None) => body.add_fault("list_type", &["events"], "Input should be a valid list", Value::Null),
        Some(Some(texts)) if texts.is_empty() => {
            body.add_fault(
                "too_short",
                &["events"],
                "List should have at least 1 item after validation, not 0",
                json!([]),
            );
        }
        Some(Some(texts)) if texts.len() > MOST => {
            let msg = format!("List should have at most {MOST} items after validation, not {}", texts.len());
            body.add_fault("too_long", &["events"], &msg, Value::Null);
        }
        Some(Some(_)) => {}
    }
    body.finish()?;
    let (mut events, mut faults) = (Vec::new(), Vec::new());
    for (at, text) in texts.flatten().unwrap_or_default().into_iter().enumerate() {
        match one(text, at) {
            Ok(event) => events.push(event),
            Err(Problem::Invalid(more)) => faults.extend(more),
            Err(other) => return Err(other),
        }
    }
    if faults.is_empty() { Ok(events) } else { Err(Problem::Invalid(faults)) }
}

fn one(text: &str, at: usize) -> Result<Event, Problem> {
    let mut body = Body::inner(text, vec!["body".to_owned(), "events".to_owned(), at.to_string()])?;
    let trigger = body.integer("trigger_id");
    let payload = body.raw("payload").unwrap_or("null").to_owned();
    let key = body.optional_text("idempotency_key").filter(|key| !key.is_empty());
    let kind = match body.optional_text("kind") {
        None => EventKind::Fire,
        Some(name) => match EndState::from_name(&name) {
            Some(end) => EventKind::End(end, body.object("xcoms")),
            None => {
                let msg = "Input should be 'task-success', 'task-failed' or 'task-skipped'";
                body.add_fault("literal_error", &["kind"], msg, name.into());
                EventKind::Fire
            }
        },
    };
    body.finish()?;
    Ok(Event { trigger, payload, kind, key })
}
