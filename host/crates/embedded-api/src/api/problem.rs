//! Answers that are not what was asked for. See docs/design/execution-api.md#error-bodies; every body is as recorded.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::error::StoreError;

/// Every way an Execution API answers with an error.
#[derive(Debug)]
pub(super) enum Problem {
    /// The plain 404 of a route that is not there.
    NoRoute,
    /// The plain 405 of a route without this method.
    NoMethod,
    /// `detail` is a text.
    Detail(StatusCode, String),
    /// `detail` is a reason and a message.
    Reason(StatusCode, &'static str, String),
    /// 422: `detail` lists what is wrong.
    Invalid(Vec<Value>),
    /// 400: the parser gave up.
    Unparsable,
    /// 500 without more: an unhandled error.
    Unhandled,
    /// 500 of a database in trouble.
    Database,
}

/// Marks an answer of [`Problem::Unhandled`], which bears neither version nor correlation header.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bare;

impl Problem {
    /// 404 with reason `not_found`.
    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::Reason(StatusCode::NOT_FOUND, "not_found", message.into())
    }

    /// 422 with one fault.
    pub(super) fn invalid(kind: &str, loc: &[&str], msg: &str, input: Value) -> Self {
        Self::Invalid(vec![fault(kind, loc, msg, input)])
    }
}

/// One entry of a 422's list. A place in a list is a number on the wire.
pub(super) fn fault(kind: &str, loc: &[&str], msg: &str, input: Value) -> Value {
    let place = |part: &&str| part.parse::<usize>().map_or_else(|_| Value::from(*part), Value::from);
    let loc: Vec<Value> = loc.iter().map(place).collect();
    json!({"type": kind, "loc": loc, "msg": msg, "input": input})
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        tracing::error!(error = %error, cause, "The development database refused a request.");
        Self::Database
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        if matches!(self, Self::Unhandled) {
            let (status, message) = self.parts();
            let mut response = (status, Json(json!({"message": message}))).into_response();
            response.extensions_mut().insert(Bare);
            return response;
        }
        let (status, detail) = self.parts();
        (status, Json(json!({"detail": detail}))).into_response()
    }
}

impl Problem {
    /// Status and `detail`.
    pub(super) fn parts(self) -> (StatusCode, Value) {
        match self {
            Self::NoRoute => (StatusCode::NOT_FOUND, "Not Found".into()),
            Self::NoMethod => (StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed".into()),
            Self::Detail(status, text) => (status, text.into()),
            Self::Reason(status, reason, message) => (status, json!({"reason": reason, "message": message})),
            Self::Invalid(faults) => (StatusCode::UNPROCESSABLE_ENTITY, faults.into()),
            Self::Unparsable => (StatusCode::BAD_REQUEST, "There was an error parsing the body".into()),
            Self::Unhandled => (StatusCode::INTERNAL_SERVER_ERROR, "Internal server error".into()),
            Self::Database => {
                let message = "Serious error when handling your request. Check logs for more details - you will find it in api server \
                               when you look for ID embedded-api";
                let hidden = "hidden";
                (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    json!({"reason": "Database error", "statement": hidden, "orig_error": hidden, "message": message}),
                )
            }
        }
    }
}
