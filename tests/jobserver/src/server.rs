//! The jobs over HTTP.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State as Shared};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use parking_lot::Mutex;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use trigger_host_types::{Clock, SystemClock};

use crate::jobs::{Job, Jobs, Plan, State, Stats};

/// What the handlers share.
#[derive(Clone)]
struct Service {
    jobs: Arc<Mutex<Jobs>>,
    plan: Plan,
    clock: Arc<dyn Clock>,
}

/// The service for a listener of the caller's.
pub fn router(jobs: Arc<Mutex<Jobs>>, plan: Plan, clock: Arc<dyn Clock>) -> Router {
    Router::new()
        .route("/v1/runs", post(submit))
        .route("/v1/runs/{id}", get(look).delete(cancel))
        .route("/v1/stats", get(stats))
        .with_state(Service { jobs, plan, clock })
}

/// A running job service; ends when it is dropped.
#[derive(Debug)]
pub struct JobServer {
    address: SocketAddr,
    jobs: Arc<Mutex<Jobs>>,
    task: JoinHandle<()>,
}

impl JobServer {
    /// Starts one on 127.0.0.1, at a port of the system's choice.
    ///
    /// # Errors
    /// No port is free.
    pub async fn start(plan: Plan) -> std::io::Result<Self> {
        Self::listen(SocketAddr::from(([127, 0, 0, 1], 0)), plan).await
    }

    /// Starts one at this address.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub async fn listen(address: SocketAddr, plan: Plan) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let jobs = Arc::new(Mutex::new(Jobs::default()));
        let service = router(Arc::clone(&jobs), plan, Arc::new(SystemClock));
        let task = tokio::spawn(async move {
            // Accept errors are retried by axum: this future ends only with the task.
            let _ = axum::serve(listener, service).await;
        });
        Ok(Self { address, jobs, task })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Counts since the start.
    pub fn stats(&self) -> Stats {
        self.jobs.lock().stats()
    }
}

impl Drop for JobServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The part of a submission that the service reads.
#[derive(Debug, Default, Deserialize)]
struct Submission {
    polls: Option<u32>,
    millis: Option<u64>,
    fail: Option<bool>,
    /// The job starts at once, but the answer to its first submission comes only after so many milliseconds.
    answer_millis: Option<u64>,
}

async fn submit(
    Shared(service): Shared<Service>,
    headers: HeaderMap,
    submission: Option<Json<Submission>>,
) -> (StatusCode, Json<Job>) {
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok());
    let Json(submission) = submission.unwrap_or_default();
    let plan = Plan {
        polls: submission.polls.unwrap_or(service.plan.polls),
        millis: submission.millis.unwrap_or(service.plan.millis),
        fail: submission.fail.unwrap_or(service.plan.fail),
    };
    let submitted = service.jobs.lock().submit(key, plan, service.clock.now());
    if let (false, Some(millis)) = (submitted.repeated, submission.answer_millis) {
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
    let status = if submitted.repeated { StatusCode::OK } else { StatusCode::CREATED };
    (status, Json(submitted.job))
}

async fn look(Shared(service): Shared<Service>, Path(id): Path<String>) -> Result<Json<Job>, StatusCode> {
    service.jobs.lock().look(&id, service.clock.now()).map(Json).ok_or(StatusCode::NOT_FOUND)
}

async fn cancel(Shared(service): Shared<Service>, Path(id): Path<String>) -> StatusCode {
    match service.jobs.lock().cancel(&id) {
        None => StatusCode::NOT_FOUND,
        Some(State::Running) => StatusCode::NO_CONTENT,
        Some(_) => StatusCode::CONFLICT,
    }
}

async fn stats(Shared(service): Shared<Service>) -> Json<Stats> {
    Json(service.jobs.lock().stats())
}
