//! What an answer means: success, or one of the classes of docs/design/triggerer.md#errors. Pure.
//!
//! Decides by status, by the shape of `detail` and by `detail.reason`; never by wording, but for the plain `Not Found`
//! of a route that does not exist, which docs/design/execution-api.md#base-url-and-versions explains.

use std::time::Duration;

use reqwest::header::HeaderValue;
use serde::Deserialize;
use serde_json::Value;
use trigger_host_types::JobId;

use crate::error::ApiError;

/// The most characters of the server's own words in an error.
const MAX_WORDS: usize = 200;

/// A whole answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<Duration>,
    /// `Refreshed-API-Token`.
    pub(super) refreshed: Option<HeaderValue>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// One that came as a part of another.
    pub(crate) const fn from_part(status: u16, body: Vec<u8>) -> Self {
        Self { status, retry_after: None, refreshed: None, body }
    }

    pub(crate) const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }
}

/// What kind of route was asked: the same status means different things.
#[derive(Clone, Copy)]
pub(crate) enum Route {
    /// `POST jobs`: also the probe whether this is an Execution API at all.
    Register,
    /// A route that lives by this Job.
    Job(JobId),
    /// Any other.
    Other,
}

/// An error body, as FastAPI and Airflow write it.
#[derive(Deserialize)]
struct ErrorBody {
    #[serde(default)]
    detail: Option<Value>,
    #[serde(default)]
    message: Option<Value>,
}

/// A successful answer as `T`.
pub(crate) fn parse<'a, T: Deserialize<'a>>(answer: &'a Answer, route: Route) -> Result<T, ApiError> {
    if !answer.is_success() {
        return Err(failure(answer, route));
    }
    serde_json::from_slice(&answer.body).map_err(|_| not_the_api(answer, "without the expected fields"))
}

/// A success whose content does not matter: none at all, or any JSON, as later servers may answer more than they do
/// now.
pub(crate) fn accepted(answer: &Answer, route: Route) -> Result<(), ApiError> {
    if !answer.is_success() {
        return Err(failure(answer, route));
    }
    let empty = answer.body.iter().all(u8::is_ascii_whitespace);
    if empty || serde_json::from_slice::<serde::de::IgnoredAny>(&answer.body).is_ok() {
        Ok(())
    } else {
        Err(not_the_api(answer, "without a JSON body"))
    }
}

/// Whether another token may help. A refusal with a reason code is about the thing asked for, not about the token.
pub(crate) fn refuses_token(answer: &Answer) -> bool {
    match answer.status {
        401 => true,
        403 => error_body(answer).is_none_or(|body| reason(&body).is_none()),
        _ => false,
    }
}

/// The class of an answer that is not a success.
pub(crate) fn failure(answer: &Answer, route: Route) -> ApiError {
    let status = answer.status;
    let body = error_body(answer);
    let what = body.as_ref().map_or_else(|| "no explanation".to_owned(), explanation);
    match status {
        408 | 429 | 502..=504 => ApiError::Busy { status, retry_after: answer.retry_after },
        500..=599 => ApiError::Server { status, what },
        401 | 403 if refuses_token(answer) => ApiError::Auth { status, what },
        404 => missing(answer, body, route, what),
        422 if matches!(route, Route::Register) && body.as_ref().is_some_and(wants_a_registration) => ApiError::NoApi,
        400..=499 => match body {
            Some(body) => ApiError::Rejected { status, reason: reason(&body), what },
            // A proxy may refuse one large event with a page of its own; but the first call of all must find an API.
            None if status == 405 || matches!(route, Route::Register) => not_the_api(answer, "without `detail`"),
            None => ApiError::Rejected { status, reason: None, what },
        },
        300..=399 => not_the_api(answer, "is a redirect, and redirects are not followed"),
        _ => not_the_api(answer, "is not expected here"),
    }
}

/// A later Airflow has another `jobs` at the same path, for its Dag processor (docs/design/execution-api.md#drift): it
/// misses a field that this API does not have.
fn wants_a_registration(body: &ErrorBody) -> bool {
    let faults = body.detail.as_ref().and_then(Value::as_array).into_iter().flatten();
    faults.filter_map(|fault| fault.get("loc")?.as_array()?.last()).any(|field| field == "registration_id")
}

fn missing(answer: &Answer, body: Option<ErrorBody>, route: Route, what: String) -> ApiError {
    match (body, route) {
        (None, _) => not_the_api(answer, "without `detail`"),
        (Some(body), _) if body.detail == Some(Value::from("Not Found")) => ApiError::NoApi,
        (Some(_), Route::Job(job)) => ApiError::JobGone(job),
        (Some(_), _) => ApiError::NotFound { what },
    }
}

/// `None` for anything but an object with `detail` or `message`.
fn error_body(answer: &Answer) -> Option<ErrorBody> {
    let body: ErrorBody = serde_json::from_slice(&answer.body).ok()?;
    (body.detail.is_some() || body.message.is_some()).then_some(body)
}

fn reason(body: &ErrorBody) -> Option<String> {
    body.detail.as_ref()?.get("reason")?.as_str().map(words)
}

/// The server's words. Of a list of faults only place and message: the rest repeats what was sent.
fn explanation(body: &ErrorBody) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let said = match body.detail.as_ref().or(body.message.as_ref()) {
        Some(Value::String(said)) => said.clone(),
        Some(Value::Object(detail)) => {
            detail.get("message").or_else(|| detail.get("reason")).map(text).unwrap_or_default()
        }
        Some(Value::Array(faults)) => faults.iter().take(3).map(fault).collect::<Vec<_>>().join("; "),
        _ => String::new(),
    };
    if said.is_empty() { "no explanation".to_owned() } else { words(&said) }
}

fn fault(fault: &Value) -> String {
    let place: Vec<String> = match fault.get("loc").and_then(Value::as_array) {
        Some(place) => place.iter().map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned)).collect(),
        None => Vec::new(),
    };
    format!("{}: {}", place.join("."), fault.get("msg").and_then(Value::as_str).unwrap_or("not accepted"))
}

fn not_the_api(answer: &Answer, how: &str) -> ApiError {
    ApiError::NotTheApi { what: format!("status {} {how}; check the URL", answer.status) }
}

/// Printable, on one line, short.
pub(crate) fn words(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_WORDS).collect();
    plain.trim().to_owned()
}
