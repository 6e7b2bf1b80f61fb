//! One request, one answer, as Airflow's log server gives it. See docs/design/encodings.md#log-server.

use std::fs::{File, Metadata};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use hyper::body::Incoming;
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use percent_encoding::percent_decode_str;

use super::Shared;
use super::body::Body;
use super::range::{Wanted, wanted};
use crate::path::LogPath;

/// Paths begin with it.
const MOUNT: &str = "/log/";

/// Answers a request.
pub(super) async fn answer(shared: &Arc<Shared>, request: &Request<Incoming>) -> Response<Body> {
    let is_head = request.method() == Method::HEAD;
    let answered = match allowed(shared, request) {
        Ok(path) => served(shared, request, path).await,
        Err(refused) => *refused,
    };
    crate::telemetry::requested(answered.status().as_u16());
    if is_head { answered.map(|_| Body::text("")) } else { answered }
}

/// The path that the request's token opens. In the order of Airflow: the token before the method, the method before the file.
fn allowed(shared: &Shared, request: &Request<Incoming>) -> Result<String, Box<Response<Body>>> {
    // `+` stays what it is; text that is not UTF-8 names nothing.
    let decoded = percent_decode_str(request.uri().path()).decode_utf8().ok();
    let path = decoded.as_deref().and_then(|path| path.strip_prefix(MOUNT)).ok_or_else(|| Box::new(not_found()))?;
    let token = request.headers().get(header::AUTHORIZATION);
    let token = token.ok_or_else(|| Box::new(refusal(StatusCode::FORBIDDEN, "Authorization header missing")))?;
    let is_allowed = token.to_str().is_ok_and(|token| shared.tokens.allows(token, path, shared.clock.now()));
    if !is_allowed {
        return Err(Box::new(refusal(StatusCode::FORBIDDEN, "Forbidden")));
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut refused = refusal(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed");
        refused.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return Err(Box::new(refused));
    }
    Ok(path.to_owned())
}

async fn served(shared: &Arc<Shared>, request: &Request<Incoming>, path: String) -> Response<Body> {
    let own = Arc::clone(shared);
    let opened = tokio::task::spawn_blocking(move || {
        let file = own.folder.read(&LogPath::new(&path).ok()?).ok()?;
        let about = file.metadata().ok()?;
        Some((file, about))
    });
    match opened.await {
        Ok(Some((file, about))) => part(request, file, &about),
        _ => not_found(),
    }
}

fn part(request: &Request<Incoming>, file: File, about: &Metadata) -> Response<Body> {
    let modified = about.modified().unwrap_or(UNIX_EPOCH);
    let (length, tag) = (about.len(), tag(about.len(), modified));
    let head = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let changed = httpdate::fmt_http_date(modified);
    // A part of another version is of no use.
    let is_same = head(header::IF_RANGE).is_none_or(|version| version == tag || version == changed);
    let range = head(header::RANGE).filter(|_| is_same);
    let (status, from, count) = match wanted(range, length) {
        Wanted::Whole => (StatusCode::OK, 0, length),
        Wanted::Part { from, count } => (StatusCode::PARTIAL_CONTENT, from, count),
        Wanted::Nothing => {
            let mut refused = refusal(StatusCode::RANGE_NOT_SATISFIABLE, "Range Not Satisfiable");
            set(&mut refused, header::CONTENT_RANGE, &format!("bytes */{length}"));
            return refused;
        }
    };
    let mut answer = Response::new(Body::file(file, from, count));
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

fn not_found() -> Response<Body> {
    refusal(StatusCode::NOT_FOUND, "Not Found")
}

fn refusal(status: StatusCode, detail: &str) -> Response<Body> {
    let text = format!("{{\"detail\":\"{detail}\"}}");
    let length = text.len().to_string();
    let mut refused = Response::new(Body::text(text));
    *refused.status_mut() = status;
    set(&mut refused, header::CONTENT_TYPE, "application/json");
    set(&mut refused, header::CONTENT_LENGTH, &length);
    refused
}

fn set(answer: &mut Response<Body>, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
}
