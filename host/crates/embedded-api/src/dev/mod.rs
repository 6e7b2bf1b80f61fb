//! `/dev/`: what only development has. Faults never touch it.
//!
//! It has no token, so it answers only to programs on the same machine: the peer must be a loopback address, and what
//! asks no web page.

mod faults;
mod settings;
mod tasks;
mod triggers;

use axum::extract::{ConnectInfo, FromRequest, Query, Request};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::api::Shared;
use crate::error::{DeferError, StoreError};
use crate::listener::Line;
use crate::web_page::may_be_one;

/// The routes below `/dev/`.
pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/dev/defer", post(triggers::defer))
        .route("/dev/triggers", get(triggers::list))
        .route("/dev/triggers/{id}", axum::routing::delete(triggers::remove))
        .route("/dev/events", get(triggers::events))
        .route("/dev/waiting", get(triggers::waiting))
        .route("/dev/jobs", get(triggers::jobs))
        .route("/dev/tasks", get(tasks::list))
        .route("/dev/tasks/clear", post(tasks::clear))
        .route("/dev/tasks/state", post(tasks::state))
        .route("/dev/dag-runs/{dag}/{run}", put(settings::put_run))
        .route("/dev/connections/{id}", put(settings::put_connection).delete(settings::delete_connection))
        .route("/dev/variables/{*key}", put(settings::put_variable).delete(settings::delete_variable))
        .route("/dev/faults", get(faults::show).post(faults::set).delete(faults::lift))
        .route_layer(middleware::from_fn(guard))
}

async fn guard(ConnectInfo(line): ConnectInfo<Line>, request: Request, next: Next) -> Response {
    if line.is_local() && !may_be_one(request.headers()) {
        return next.run(request).await;
    }
    Refusal(
        StatusCode::FORBIDDEN,
        "`/dev/` answers only programs on the same machine that call it by a loopback address".to_owned(),
    )
    .into_response()
}

/// Why a tool gets no answer: a status and a text.
#[derive(Debug)]
struct Refusal(StatusCode, String);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, Json(json!({"error": self.1}))).into_response()
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        Self(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}{cause}"))
    }
}

impl From<DeferError> for Refusal {
    fn from(error: DeferError) -> Self {
        match error {
            DeferError::Store(error) => error.into(),
            DeferError::AlreadyDeferred { .. } => Self(StatusCode::CONFLICT, error.to_string()),
            DeferError::NotAList(_) | DeferError::Malformed { .. } => Self(StatusCode::BAD_REQUEST, error.to_string()),
        }
    }
}

/// A JSON body; the refusal names the line and the key.
struct Body<T>(T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let wrong = |what: String| Refusal(StatusCode::BAD_REQUEST, what);
        let text = String::from_request(request, state).await.map_err(|error| wrong(error.to_string()))?;
        serde_json::from_str(&text).map(Self).map_err(|error| wrong(error.to_string()))
    }
}

/// A query; the refusal names the parameter.
type MaybeQuery<T> = Result<Query<T>, axum::extract::rejection::QueryRejection>;

fn read_query<T>(query: MaybeQuery<T>) -> Result<T, Refusal> {
    query.map(|Query(query)| query).map_err(|error| Refusal(StatusCode::BAD_REQUEST, error.body_text()))
}
