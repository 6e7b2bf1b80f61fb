//! What is true of every call below `/execution/`: faults on demand, the API version, the token, and the headers of
//! answers.
//!
//! Order: web pages, fault, version header, route, version of the route, token, handler. `/dev/` passes through
//! untouched.

use std::time::Duration;

use axum::Extension;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use serde_json::json;
use uuid::Uuid;

use super::problem::{Bare, Problem};
use super::{PREFIX, Shared};
use crate::faults::{Call, Fault, Plan};
use crate::listener::Line;
use crate::web_page::may_be_one;

const VERSION: HeaderName = HeaderName::from_static("airflow-api-version");
const CORRELATION: HeaderName = HeaderName::from_static("correlation-id");
const RENEWED: HeaderName = HeaderName::from_static("refreshed-api-token");

/// The first version there ever was.
const OLDEST: Date = Date::constant(2025, 4, 11);
/// The version that has the trigger endpoints.
const NEWEST: Date = Date::constant(2026, 7, 14);
/// How long a call may take, its body included; above any long poll.
const DEADLINE: Duration = Duration::from_secs(120);

/// The version a call asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Version(Date);

/// Who calls.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject(pub(super) Uuid);

/// The outermost layer.
pub(super) async fn conduct(
    State(app): State<Shared>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
    next: Next,
) -> Response {
    let Some(path) = request.uri().path().strip_prefix(PREFIX).filter(|path| path.starts_with('/')) else {
        return within_deadline(request, next).await;
    };
    if app.tokens.are_open() && line.is_local() && may_be_one(request.headers()) {
        let what =
            "Without tokens, this server does not answer web pages: use a loopback address, and send no Origin header";
        return Problem::Detail(StatusCode::FORBIDDEN, what.to_owned()).into_response();
    }
    let Plan { wait, end } = app.faults.plan(&Call::from_path(path));
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    match end {
        Some(Fault::LoseRequest) => {
            line.cut();
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        Some(Fault::Status(status)) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            return Problem::Detail(status, "Made by a fault rule".to_owned()).into_response();
        }
        _ => {}
    }
    let asked = request.headers().get(VERSION).cloned();
    let correlation = request.headers().get(CORRELATION).cloned();
    let response = with_version(asked.as_ref(), request, next).await;
    if end == Some(Fault::LoseAnswer) {
        line.cut();
    }
    dress(response, asked, correlation)
}

async fn within_deadline(request: Request, next: Next) -> Response {
    match tokio::time::timeout(DEADLINE, next.run(request)).await {
        Ok(response) => response,
        Err(_) => StatusCode::REQUEST_TIMEOUT.into_response(),
    }
}

async fn with_version(asked: Option<&HeaderValue>, mut request: Request, next: Next) -> Response {
    let version = match asked.map(|asked| asked.to_str().unwrap_or_default()) {
        None => NEWEST,
        Some(text) => match text.parse() {
            Ok(date) => date,
            Err(_) => return bad_version(text).into_response(),
        },
    };
    request.extensions_mut().insert(Version(version));
    within_deadline(request, next).await
}

fn bad_version(text: &str) -> Problem {
    let error = if text.len() < 10 { "input is too short" } else { "invalid character in year" };
    Problem::Invalid(vec![json!({
        "type": "date_from_datetime_parsing", "loc": ["header", "Airflow-API-Version"],
        "msg": format!("Input should be a valid date or datetime, {error}"), "input": text, "ctx": {"error": error},
    })])
}

/// The headers that every answer bears, and the correlation id in the body of an unhandled error.
fn dress(mut response: Response, asked: Option<HeaderValue>, correlation: Option<HeaderValue>) -> Response {
    let newest = || HeaderValue::from_static("2026-07-14");
    if response.extensions().get::<Bare>().is_some() {
        if let Some(id) = correlation.as_ref().and_then(|id| id.to_str().ok()) {
            let body = json!({"message": "Internal server error", "correlation-id": id});
            return (StatusCode::INTERNAL_SERVER_ERROR, axum::Json(body)).into_response();
        }
        return response;
    }
    let not_allowed = response.status() == StatusCode::METHOD_NOT_ALLOWED;
    let headers = response.headers_mut();
    headers.insert(VERSION, asked.unwrap_or_else(newest));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(correlation) = correlation {
        headers.insert(CORRELATION, correlation);
    }
    if not_allowed {
        without_head(headers);
    }
    response
}

/// Airflow's routes do not answer HEAD only because they answer GET.
fn without_head(headers: &mut HeaderMap) {
    let allowed = headers
        .get(header::ALLOW)
        .and_then(|allowed| allowed.to_str().ok())
        .map(|allowed| allowed.split(',').filter(|method| method.trim() != "HEAD").collect::<Vec<_>>().join(","));
    if let Some(Ok(allowed)) = allowed.map(|allowed| HeaderValue::from_str(&allowed)) {
        headers.insert(header::ALLOW, allowed);
    }
}

/// Hides the trigger endpoints from versions that do not have them.
pub(super) async fn newest_version(
    Extension(Version(date)): Extension<Version>,
    request: Request,
    next: Next,
) -> Response {
    if date < NEWEST { Problem::NoRoute.into_response() } else { next.run(request).await }
}

/// Hides the other endpoints from versions before the first.
pub(super) async fn known_version(
    Extension(Version(date)): Extension<Version>,
    request: Request,
    next: Next,
) -> Response {
    if date < OLDEST { Problem::NoRoute.into_response() } else { next.run(request).await }
}

/// Lets holders of a token pass, and hands back a new one when theirs is about to end.
pub(super) async fn token(State(app): State<Shared>, mut request: Request, next: Next) -> Response {
    match app.tokens.caller(request.headers(), app.real.now()) {
        Err(problem) => problem.into_response(),
        Ok(caller) => {
            request.extensions_mut().insert(Subject(caller.subject));
            let mut response = next.run(request).await;
            if let Some(renewed) = caller.renewed {
                response.headers_mut().insert(RENEWED, renewed);
            }
            response
        }
    }
}
