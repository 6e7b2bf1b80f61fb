//! A small Execution API in memory: hands out as many workloads as it is told to, made up from their ids, and takes
//! events. It stores nothing but which triggers are done, so that what is measured is the host.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use anyhow::Result;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Json, Router};
use parking_lot::Mutex;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// What trigger `id` is: its class path and its kwargs as JSON text.
pub(crate) type Made = dyn Fn(i64) -> (&'static str, String) + Send + Sync;

/// The server. Lives as long as the runtime it was started on.
pub(crate) struct Api {
    pub(crate) url: String,
    shared: Arc<Shared>,
    first_event: watch::Receiver<Option<Instant>>,
}

struct Shared {
    /// Triggers 1 to this are there.
    total: AtomicI64,
    done: Mutex<HashSet<i64>>,
    make: Box<Made>,
    tell_first: watch::Sender<Option<Instant>>,
}

impl Api {
    /// Starts with triggers 1 to `total`.
    pub(crate) async fn start(total: i64, make: Box<Made>) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/execution/", listener.local_addr()?);
        let (tell_first, first_event) = watch::channel(None);
        let total = AtomicI64::new(total);
        let shared = Arc::new(Shared { total, done: Mutex::default(), make, tell_first });
        let nothing = || async { StatusCode::NO_CONTENT };
        let router = Router::new()
            .route("/execution/jobs", post(|| async { (StatusCode::CREATED, Json(serde_json::json!({"job_id": 1}))) }))
            .route("/execution/jobs/{id}/heartbeat", post(nothing))
            .route("/execution/jobs/{id}/complete", post(nothing))
            .route("/execution/triggers/load", post(load))
            .route("/execution/triggers/workloads", post(workloads))
            .route("/execution/triggers/cleanup", post(nothing))
            .route("/execution/triggers/{id}/event", post(event))
            .route("/execution/triggers/{id}/failure", post(event))
            .layer(DefaultBodyLimit::disable())
            .with_state(Arc::clone(&shared));
        tokio::spawn(axum::serve(listener, router).into_future());
        Ok(Self { url, shared, first_event })
    }

    /// From now on triggers 1 to `total` are there.
    pub(crate) fn grow(&self, total: i64) {
        self.shared.total.store(total, Ordering::SeqCst);
    }

    /// When the first event came.
    pub(crate) async fn first_event(&self) -> Result<Instant> {
        let mut first = self.first_event.clone();
        let at = *first.wait_for(Option::is_some).await?;
        at.ok_or_else(|| anyhow::anyhow!("no event has come"))
    }
}

async fn load(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    let mut text = String::from("{\"trigger_ids\":[");
    let done = shared.done.lock();
    for id in (1..=shared.total.load(Ordering::SeqCst)).filter(|id| !done.contains(id)) {
        text.push_str(&id.to_string());
        text.push(',');
    }
    text.truncate(text.trim_end_matches(',').len());
    text.push_str("]}");
    ([(header::CONTENT_TYPE, "application/json")], text)
}

#[derive(Deserialize)]
struct Wanted {
    trigger_ids: Vec<i64>,
}

async fn workloads(State(shared): State<Arc<Shared>>, Json(wanted): Json<Wanted>) -> impl IntoResponse {
    let workloads: Vec<String> = wanted.trigger_ids.iter().map(|id| workload(*id, &*shared.make)).collect();
    ([(header::CONTENT_TYPE, "application/json")], format!("{{\"workloads\":[{}]}}", workloads.join(",")))
}

async fn event(State(shared): State<Arc<Shared>>, Path(id): Path<i64>) -> StatusCode {
    shared.tell_first.send_if_modified(|first| {
        let is_first = first.is_none();
        first.get_or_insert_with(Instant::now);
        is_first
    });
    shared.done.lock().insert(id);
    StatusCode::NO_CONTENT
}

/// A trigger as Airflow describes it: ids of the usual length, 500 Dags of 20 tasks.
fn workload(id: i64, make: &Made) -> String {
    let (classpath, kwargs) = make(id);
    let kwargs = serde_json::Value::from(kwargs);
    let (dag, task) = (id % 500, id % 20);
    format!(
        r#"{{"id":{id},"classpath":"{classpath}","encrypted_kwargs":{kwargs},"ti":{{"id":"01a1f8d6-1f9a-71fa-9cd6-{id:012x}","task_id":"wait_for_partition_{task}","dag_id":"warehouse_hourly_load_{dag}","run_id":"scheduled__2026-11-20T00:00:00+00:00","try_number":1,"dag_version_id":"01a1f8d6-0a78-7e52-9b33-b9c45ded0972","map_index":-1,"hostname":"worker-3","context_carrier":{{"traceparent":"00-fde6c8772aab735306c38075ff5b4e9a-b94d08d18de10e5d-00"}},"queue":"default","pool_slots":1,"priority_weight":1}},"timeout_after":"2099-11-20T12:12:24.845727Z","type":"RunTrigger","dag_data":null,"dag_run_data":null,"watched_assets":null}}"#
    )
}
