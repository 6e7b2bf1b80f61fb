//! The admin port: `/health`, `/ready`, `/metrics` and `/streams`. For the operator's machines only.
//!
//! Owns the routes. Invariants: what is read says nothing of a task but a trigger's number; what changes anything is
//! taken from this machine alone, and never from a web page.

mod control;
mod stream_metrics;
mod streams;

use std::future::Future;
use std::net::SocketAddr;

use ::streams::Streams;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use logs::Masker;
use metrics_exporter_prometheus::PrometheusHandle;
use supervisor::Health;
use tokio::net::TcpListener;
use tokio::sync::watch;

const STARTING: &str = "starting: the host has not registered yet\n";

/// What the port tells of.
#[derive(Clone)]
pub(crate) struct Seen {
    /// None before the host has registered.
    pub(crate) health: watch::Receiver<Option<Health>>,
    /// None before the host has registered.
    pub(crate) streams: watch::Receiver<Option<Streams>>,
    /// Everything that is counted.
    pub(crate) metrics: PrometheusHandle,
    /// Knows what may not be shown.
    pub(crate) masker: Masker,
}

impl Seen {
    fn streams(&self) -> Option<Streams> {
        self.streams.borrow().clone()
    }
}

/// Answers until `stop` is done.
pub(crate) async fn serve(listener: TcpListener, seen: Seen, stop: impl Future<Output = ()> + Send + 'static) {
    let routes = routes(seen).into_make_service_with_connect_info::<SocketAddr>();
    if let Err(error) = axum::serve(listener, routes).with_graceful_shutdown(stop).await {
        tracing::error!(%error, "The admin port has closed.");
    }
}

fn routes(seen: Seen) -> Router {
    let control = Router::new()
        .route("/streams/pause", post(streams::pause))
        .route("/streams/resume", post(streams::resume))
        .route_layer(axum::middleware::from_fn(control::from_here));
    Router::new()
        .route("/health", get(alive))
        .route("/ready", get(ready))
        .route("/metrics", get(rendered))
        .route("/streams", get(streams::list))
        .merge(control)
        .with_state(seen)
}

/// Whether the host should be left alone: 503 asks to restart it. One that has not registered yet is left alone.
async fn alive(State(seen): State<Seen>) -> impl IntoResponse {
    match &*seen.health.borrow() {
        Some(health) => (status(health.is_alive()), health.to_string()),
        None => (StatusCode::OK, STARTING.to_owned()),
    }
}

/// Whether the host takes triggers.
async fn ready(State(seen): State<Seen>) -> impl IntoResponse {
    match &*seen.health.borrow() {
        Some(health) => (status(health.is_ready()), health.to_string()),
        None => (StatusCode::SERVICE_UNAVAILABLE, STARTING.to_owned()),
    }
}

async fn rendered(State(seen): State<Seen>) -> impl IntoResponse {
    if let Some(streams) = seen.streams() {
        stream_metrics::look(&streams).await;
    }
    ([("content-type", "text/plain; version=0.0.4; charset=utf-8")], seen.metrics.render())
}

const fn status(good: bool) -> StatusCode {
    if good { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

#[cfg(test)]
mod tests;
