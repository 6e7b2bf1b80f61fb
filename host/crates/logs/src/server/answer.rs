//! One request, one answer, as Airflow's log server gives it. See docs/design/encodings.md#log-server.

use std::fs::{File, Metadata};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use percent_encoding::percent_decode_str;
use serde_json::json;
use trigger_host_types::Clock;

use super::body::send_part;
use super::range::{Wanted, wanted};
use super::token::Tokens;
use crate::folder::Folder;
use crate::path::LogPath;

/// Paths begin with it.
const MOUNT: &str = "/log/";

/// What every request is answered from.
pub(super) struct Shared {
    pub(super) folder: Arc<Folder>,
    pub(super) tokens: Tokens,
    pub(super) clock: Arc<dyn Clock>,
}

/// Answers a request. Of an answer to `HEAD`, axum leaves the body out.
pub(super) async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let answered = match check(&shared, &request) {
        Ok(path) => serve(&shared, request.headers(), path).await,
        Err(refused) => *refused,
    };
    crate::telemetry::requested(answered.status().as_u16());
    answered
}

/// The path that the request's token opens. In the order of Airflow: the token before the method, the method before the
/// file.
fn check(shared: &Shared, request: &Request) -> Result<String, Box<Response>> {
    // `+` stays what it is; text that is not UTF-8 names nothing.
    let decoded = percent_decode_str(request.uri().path()).decode_utf8().ok();
    let path = decoded.as_deref().and_then(|path| path.strip_prefix(MOUNT)).ok_or_else(|| Box::new(not_found()))?;
    let token = request.headers().get(header::AUTHORIZATION);
    let token = token.ok_or_else(|| Box::new(refuse(StatusCode::FORBIDDEN, "Authorization header missing")))?;
    let is_allowed = token.to_str().is_ok_and(|token| shared.tokens.allows(token, path, shared.clock.now()));
    if !is_allowed {
        return Err(Box::new(refuse(StatusCode::FORBIDDEN, "Forbidden")));
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut refused = refuse(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed");
        refused.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return Err(Box::new(refused));
    }
    Ok(path.to_owned())
}

async fn serve(shared: &Arc<Shared>, headers: &HeaderMap, path: String) -> Response {
    let own = Arc::clone(shared);
    let opened = tokio::task::spawn_blocking(move || {
        let file = own.folder.read(&LogPath::new(&path).ok()?).ok()?;
        let about = file.metadata().ok()?;
        Some((file, about))
    });
    match opened.await {
        Ok(Some((file, about))) => send(headers, file, &about),
        _ => not_found(),
    }
}

fn send(headers: &HeaderMap, file: File, about: &Metadata) -> Response {
    let modified = about.modified().unwrap_or(UNIX_EPOCH);
    let (length, tag) = (about.len(), tag(about.len(), modified));
    let head = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let changed = httpdate::fmt_http_date(modified);
    // A part of another version is of no use.
    let is_same = head(header::IF_RANGE).is_none_or(|version| version == tag || version == changed);
    let range = head(header::RANGE).filter(|_| is_same);
    let (status, from, count) = match wanted(range, length) {
        Wanted::Whole => (StatusCode::OK, 0, length),
        Wanted::Part { from, count } => (StatusCode::PARTIAL_CONTENT, from, count),
        Wanted::Nothing => {
            let mut refused = refuse(StatusCode::RANGE_NOT_SATISFIABLE, "Range Not Satisfiable");
            set(&mut refused, header::CONTENT_RANGE, &format!("bytes */{length}"));
            return refused;
        }
    };
    let mut answer = Response::new(send_part(file, from, count));
    *answer.status_mut() = status;
    set(&mut answer, header::CONTENT_TYPE, "application/octet-stream");
    set(&mut answer, header::ACCEPT_RANGES, "bytes");
    set(&mut answer, header::CONTENT_LENGTH, &count.to_string());
    set(&mut answer, header::LAST_MODIFIED, &changed);
    set(&mut answer, header::ETAG, &tag);
    if status == StatusCode::PARTIAL_CONTENT {
        set(&mut answer, header::CONTENT_RANGE, &format!("bytes {from}-{}/{length}", from + count - 1));
    }
    answer
}

/// Names a version of a file.
fn tag(length: u64, modified: SystemTime) -> String {
    let since = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("\"{:x}-{length:x}\"", since.as_nanos())
}

fn not_found() -> Response {
    refuse(StatusCode::NOT_FOUND, "Not Found")
}

fn refuse(status: StatusCode, detail: &str) -> Response {
    (status, Json(json!({ "detail": detail }))).into_response()
}

fn set(answer: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
}
