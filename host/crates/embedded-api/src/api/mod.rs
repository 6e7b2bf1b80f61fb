//! The Execution API's routes below `/execution/`: the eight trigger and job endpoints, their extensions, and what
//! triggers may ask at run time. See docs/design/execution-api.md.

mod assets;
mod batch;
mod body;
mod connections;
mod jobs;
mod json;
mod layers;
mod problem;
mod query;
mod runs;
mod runtime_token;
mod tasks;
mod token;
mod triggers;
mod xcoms;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::Uri;
use axum::middleware;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{delete, get, post, put};
use tokio::sync::watch;
use trigger_host_types::Clock;

use crate::config::Config;
use crate::faults::Faults;
use crate::store::Store;
use problem::Problem;

/// Where the routes live.
pub(crate) const PREFIX: &str = "/execution";
/// The largest body taken.
const BODY_LIMIT: usize = 16 << 20;

/// What every handler works with.
pub(crate) struct App {
    pub(crate) store: Store,
    pub(crate) faults: Faults,
    /// Whether the server is about to stop; long polls end then.
    pub(crate) stopping: watch::Receiver<bool>,
    clock: Arc<dyn Clock>,
    real: Arc<dyn Clock>,
    tokens: token::Tokens,
    extensions: bool,
    event_batch: bool,
}

impl App {
    pub(crate) fn new(config: &Config, store: Store, faults: Faults, stopping: watch::Receiver<bool>) -> Self {
        Self {
            store,
            faults,
            stopping,
            clock: Arc::clone(&config.clock),
            real: Arc::clone(&config.real),
            tokens: token::Tokens::new(&config.auth),
            extensions: config.extensions,
            event_batch: config.event_batch,
        }
    }
}

/// The handlers' shared state.
pub(crate) type Shared = Arc<App>;

/// Adds everything that is true of the whole server: `/execution/`, faults, headers.
pub(crate) fn router(app: &Shared, others: Router<Shared>) -> Router {
    let open = Router::new().route("/health", get(health)).route("/health/ping", get(ping));
    let execution = open.merge(routes_with_token(app)).method_not_allowed_fallback(|| async { Problem::NoMethod });
    let routes = Router::new()
        .nest(PREFIX, execution)
        .merge(others)
        .fallback(nowhere)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(Arc::clone(app));
    // A router of its own around all, because axum writes some headers only after a router's own layers.
    Router::new().fallback_service(routes).layer(middleware::from_fn_with_state(Arc::clone(app), layers::conduct))
}

/// The routes that want a token and a version that knows them.
fn routes_with_token(app: &Shared) -> Router<Shared> {
    let newest = middleware::from_fn(layers::newest_version);
    let any = middleware::from_fn(layers::known_version);
    let token = middleware::from_fn_with_state(Arc::clone(app), layers::token);
    triggers(app).route_layer(token.clone()).route_layer(newest).merge(runtime().route_layer(token).route_layer(any))
}

fn triggers(app: &App) -> Router<Shared> {
    let plain = Router::new()
        .route("/jobs", post(jobs::register))
        .route("/jobs/{id}/heartbeat", post(jobs::heartbeat))
        .route("/jobs/{id}/complete", post(jobs::complete))
        .route("/triggers/load", post(triggers::load))
        .route("/triggers/workloads", post(triggers::workloads))
        .route("/triggers/cleanup", post(triggers::cleanup))
        .route("/triggers/{id}/event", post(triggers::event))
        .route("/triggers/{id}/failure", post(triggers::failure));
    if !app.extensions {
        return plain;
    }
    let batches = if app.event_batch { plain.route("/triggers/events", post(batch::events)) } else { plain };
    batches
        .route("/triggers/{id}/checkpoint", put(triggers::checkpoint))
        .route("/triggers/{id}/runtime-token", post(runtime_token::runtime_token))
}

fn runtime() -> Router<Shared> {
    let asset_value = || get(assets::get).put(assets::put).delete(assets::delete);
    Router::new()
        .route("/connections/{id}", get(connections::connection))
        .route("/variables/keys", get(connections::variable_keys))
        .route(
            "/variables/{*key}",
            get(connections::variable).put(connections::put_variable).delete(connections::delete_variable),
        )
        .route(
            "/xcoms/{dag}/{run}/{task}/{key}",
            get(xcoms::get).head(xcoms::head).post(xcoms::set).delete(xcoms::delete),
        )
        .route("/task-instances/count", get(tasks::count))
        .route("/task-instances/states", get(tasks::states))
        .route("/task-instances/previous/{dag}/{task}", get(tasks::previous))
        .route("/dag-runs/count", get(runs::count))
        .route("/dag-runs/{dag}/{run}", get(runs::detail))
        .route("/dag-runs/{dag}/{run}/state", get(runs::state))
        .route("/store/asset/{by}/value", asset_value())
        .route("/store/asset/{by}/clear", delete(assets::clear))
        .route("/store/ti/{id}", delete(assets::clear_task))
        .route("/store/ti/{id}/{key}", get(assets::get_task).put(assets::put_task).delete(assets::delete_task))
        .route("/hitlDetails/{id}", get(assets::hitl).patch(assets::hitl))
}

async fn health() -> impl IntoResponse {
    axum::Json(serde_json::json!({"status": "healthy"}))
}

async fn ping() -> impl IntoResponse {
    axum::Json(serde_json::json!({"ok": ["airflow.api_fastapi.auth.tokens.JWTValidator"], "failing": {}}))
}

/// No such route; one with a slash too many is sent to the one without.
async fn nowhere(uri: Uri) -> Response {
    let bare = uri.path().trim_end_matches('/');
    if !uri.path().ends_with('/') || !bare.starts_with(PREFIX) || bare == PREFIX {
        return Problem::NoRoute.into_response();
    }
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    Redirect::temporary(&format!("{bare}{query}")).into_response()
}
