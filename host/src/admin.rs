//! The admin port: `/health`, `/ready` and `/metrics`. For the operator's machines only: it says nothing about any trigger but counts.

use std::future::Future;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use supervisor::Health;
use tokio::net::TcpListener;
use tokio::sync::watch;

const STARTING: &str = "starting: not registered yet\n";

#[derive(Clone)]
struct Shared {
    health: watch::Receiver<Option<Health>>,
    metrics: PrometheusHandle,
}

/// Counts from now on. Called once, before anything that counts.
///
/// # Errors
/// Something else counts already.
pub(crate) fn record() -> anyhow::Result<PrometheusHandle> {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|error| anyhow::anyhow!("cannot count: {error}"))?;
    Ok(handle)
}

/// Answers until `stop` is done.
pub(crate) async fn serve(
    listener: TcpListener,
    health: watch::Receiver<Option<Health>>,
    metrics: PrometheusHandle,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    let routes = Router::new()
        .route("/health", get(alive))
        .route("/ready", get(ready))
        .route("/metrics", get(rendered))
        .with_state(Shared { health, metrics });
    if let Err(error) = axum::serve(listener, routes).with_graceful_shutdown(stop).await {
        tracing::error!(%error, "The admin port has closed.");
    }
}

/// Whether the host should be left alone: 503 asks to restart it. One that has not registered yet is left alone.
async fn alive(State(shared): State<Shared>) -> impl IntoResponse {
    match &*shared.health.borrow() {
        Some(health) => (status(health.is_alive()), health.to_string()),
        None => (StatusCode::OK, STARTING.to_owned()),
    }
}

/// Whether the host takes triggers.
async fn ready(State(shared): State<Shared>) -> impl IntoResponse {
    match &*shared.health.borrow() {
        Some(health) => (status(health.is_ready()), health.to_string()),
        None => (StatusCode::SERVICE_UNAVAILABLE, STARTING.to_owned()),
    }
}

async fn rendered(State(shared): State<Shared>) -> impl IntoResponse {
    ([("content-type", "text/plain; version=0.0.4; charset=utf-8")], shared.metrics.render())
}

const fn status(good: bool) -> StatusCode {
    if good { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}
