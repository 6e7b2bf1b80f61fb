//! The eight endpoints and the checkpoint. See docs/design/execution-api.md#jobs-and-triggers.

use encodings::WireEvent;
use reqwest::Method;
use reqwest::header::{HeaderName, HeaderValue};
use trigger_host_types::{JobId, TriggerId};

use super::Client;
use super::answer::{self, Route};
use super::exchange::{Ask, to_json};
use crate::error::ApiError;
use crate::wire::{
    CheckpointBody, EventBody, FailureBody, JobBody, LoadAnswer, LoadRequest, RegisterAnswer, Registered, RunTrigger,
    StoredCheckpoint, WorkloadsAnswer, WorkloadsBody,
};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const EVENT_KIND: HeaderName = HeaderName::from_static("trigger-event-kind");

/// The only type that counts as alive when triggers are assigned.
const JOB_TYPE: &str = "TriggererJob";

/// Answers that hold an id or nothing.
const SMALL: u64 = 64 * 1024;
/// A million ids of up to 19 digits.
const IDS: u64 = 32 * 1024 * 1024;
/// Fifty workloads, each with a large Dag.
const WORKLOADS: u64 = 128 * 1024 * 1024;

impl Client {
    /// `POST jobs`: a new Job for this host. A repeated call makes another one.
    ///
    /// # Errors
    /// [`ApiError::NoApi`] and [`ApiError::NotTheApi`] tell what answers instead.
    pub async fn register(&self, hostname: &str) -> Result<Registered, ApiError> {
        let ask = Ask::post(&["jobs"], SMALL).body(to_json(&JobBody { job_type: JOB_TYPE, hostname })?);
        let answer = self.triggers.send(ask).await?;
        let registered: Registered = answer::parse::<RegisterAnswer>(&answer, Route::Register)?.into();
        self.trigger_tokens.set_given_out(registered.extensions.runtime_token);
        Ok(registered)
    }

    /// `POST jobs/{id}/heartbeat`, on connections of its own.
    ///
    /// # Errors
    /// [`ApiError::JobGone`] when the Job is not known.
    pub async fn heartbeat(&self, job: JobId) -> Result<(), ApiError> {
        let id = job.to_string();
        let answer = self.heartbeats.send(Ask::post(&["jobs", &id, "heartbeat"], SMALL)).await?;
        answer::accepted(&answer, Route::Job(job))
    }

    /// `POST jobs/{id}/complete`: others may take the triggers from now on.
    ///
    /// # Errors
    /// [`ApiError::JobGone`] when the Job is not known.
    pub async fn complete(&self, job: JobId) -> Result<(), ApiError> {
        let id = job.to_string();
        let answer = self.triggers.send(Ask::post(&["jobs", &id, "complete"], SMALL)).await?;
        answer::accepted(&answer, Route::Job(job))
    }

    /// `POST triggers/load`: claims, and lists all that the Job holds.
    ///
    /// # Errors
    /// [`ApiError::JobGone`] from a server that checks the Job; others take any id.
    pub async fn load(&self, request: &LoadRequest) -> Result<Vec<TriggerId>, ApiError> {
        let answer = self.triggers.send(Ask::post(&["triggers", "load"], IDS).body(to_json(request)?)).await?;
        Ok(answer::parse::<LoadAnswer>(&answer, Route::Job(request.triggerer_id))?.trigger_ids)
    }

    /// `POST triggers/workloads`, in no order. Ids that nobody needs any more are left out; so is a workload that
    /// cannot be parsed, with a warning.
    ///
    /// # Errors
    /// One broken row may fail the whole call with [`ApiError::Server`]: halve the batch.
    pub async fn workloads(&self, ids: &[TriggerId]) -> Result<Vec<RunTrigger>, ApiError> {
        let body = to_json(&WorkloadsBody { trigger_ids: ids })?;
        let answer = self.triggers.send(Ask::post(&["triggers", "workloads"], WORKLOADS).body(body)).await?;
        let listed: WorkloadsAnswer<'_> = answer::parse(&answer, Route::Other)?;
        let mut workloads = Vec::with_capacity(listed.workloads.len());
        for workload in listed.workloads {
            match serde_json::from_str::<RunTrigger>(workload.get()) {
                Ok(workload) => workloads.push(workload),
                Err(error) => tracing::warn!(%error, "A workload cannot be parsed and is left out."),
            }
        }
        Ok(workloads)
    }

    /// `POST triggers/{id}/event`. `Ok` means persisted, not that anybody waited for it.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn event(&self, id: TriggerId, event: &WireEvent) -> Result<(), ApiError> {
        let key = HeaderValue::try_from(event.key.as_str())
            .map_err(|_| ApiError::Unsendable { what: "the idempotency key does not fit into a header".into() })?;
        let body = to_json(&EventBody { payload: &event.payload, xcoms: event.kind.xcoms() })?;
        let id = id.to_string();
        let path = ["triggers", &id, "event"];
        let mut ask = Ask::post(&path, SMALL).body(body);
        ask.headers.insert(IDEMPOTENCY_KEY, key);
        ask.headers.insert(EVENT_KIND, HeaderValue::from_static(event.kind.as_str()));
        answer::accepted(&self.triggers.send(ask).await?, Route::Other)
    }

    /// `POST triggers/{id}/failure`. Does nothing for assets and callbacks. `None`: ended without event and without
    /// error.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn failure(&self, id: TriggerId, lines: Option<&[String]>) -> Result<(), ApiError> {
        let id = id.to_string();
        let path = ["triggers", &id, "failure"];
        let ask = Ask::post(&path, SMALL).body(to_json(&FailureBody { error: lines })?);
        answer::accepted(&self.triggers.send(ask).await?, Route::Other)
    }

    /// `POST triggers/cleanup`: deletes what nobody waits for, for every host.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn cleanup(&self) -> Result<(), ApiError> {
        let answer = self.triggers.send(Ask::post(&["triggers", "cleanup"], SMALL)).await?;
        answer::accepted(&answer, Route::Other)
    }

    /// `PUT triggers/{id}/checkpoint`. Only for a server with the checkpoint extension.
    ///
    /// # Errors
    /// [`ApiError::Rejected`] with reason `not_holder` or `stale_position`; [`ApiError::NotFound`] when the trigger is
    /// gone.
    pub async fn checkpoint(&self, id: TriggerId, checkpoint: &StoredCheckpoint, job: JobId) -> Result<(), ApiError> {
        let body = CheckpointBody { job_id: job, position: checkpoint.position, value: checkpoint.value.as_deref() };
        let id = id.to_string();
        let path = ["triggers", &id, "checkpoint"];
        let ask = Ask::new(Method::PUT, &path, SMALL).body(to_json(&body)?);
        answer::accepted(&self.triggers.send(ask).await?, Route::Other)
    }
}
