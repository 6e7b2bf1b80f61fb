//! The client: one method per endpoint, one attempt per call, each with a deadline and a cap on the answer.

use std::sync::Arc;

use trigger_host_types::{Clock, JobId, SystemClock, TriggerId};

use crate::config::{ClientConfig, ConfigError};
use crate::error::ApiError;
use crate::wire::{LoadRequest, Registered, RunTrigger, StoredCheckpoint, TaskQuery, TaskStates, WireEvent};

/// Speaks to one Execution API. Cheap to clone; clones share connections and tokens.
#[derive(Clone)]
pub struct Client {}

impl Client {
    /// A client that tells the time by the machine's clock.
    ///
    /// # Errors
    /// A configuration that cannot work.
    pub fn new(config: ClientConfig) -> Result<Self, ConfigError> {
        Self::with_clock(config, Arc::new(SystemClock))
    }

    /// A client that dates its tokens by `clock`.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn with_clock(_config: ClientConfig, _clock: Arc<dyn Clock>) -> Result<Self, ConfigError> {
        Ok(Self {})
    }

    /// `POST jobs`: a new Job for this host. A repeated call makes another one.
    ///
    /// # Errors
    /// [`ApiError::NoApi`] and [`ApiError::NotTheApi`] tell what answers instead.
    pub async fn register(&self, _hostname: &str) -> Result<Registered, ApiError> {
        Err(ApiError::NoApi)
    }

    /// `POST jobs/{id}/heartbeat`, on connections of its own.
    ///
    /// # Errors
    /// [`ApiError::JobGone`] when the Job is not known.
    pub async fn heartbeat(&self, _job: JobId) -> Result<(), ApiError> {
        Err(ApiError::NoApi)
    }

    /// `POST jobs/{id}/complete`: others may take the triggers from now on.
    ///
    /// # Errors
    /// [`ApiError::JobGone`] when the Job is not known.
    pub async fn complete(&self, _job: JobId) -> Result<(), ApiError> {
        Err(ApiError::NoApi)
    }

    /// `POST triggers/load`: claims, and lists all that the Job holds.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn load(&self, _request: &LoadRequest) -> Result<Vec<TriggerId>, ApiError> {
        Err(ApiError::NoApi)
    }

    /// `POST triggers/workloads`, in no order. Ids that nobody needs any more are left out; so is a workload that cannot be parsed,
    /// with a warning.
    ///
    /// # Errors
    /// One broken row may fail the whole call with [`ApiError::Server`]: halve the batch.
    pub async fn workloads(&self, _ids: &[TriggerId]) -> Result<Vec<RunTrigger>, ApiError> {
        Err(ApiError::NoApi)
    }

    /// `POST triggers/{id}/event`. `Ok` means persisted, not that anybody waited for it.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn event(&self, _id: TriggerId, _event: &WireEvent) -> Result<(), ApiError> {
        Err(ApiError::NoApi)
    }

    /// `POST triggers/{id}/failure`. Does nothing for assets and callbacks. `None`: ended without event and without error.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn failure(&self, _id: TriggerId, _lines: Option<&[String]>) -> Result<(), ApiError> {
        Err(ApiError::NoApi)
    }

    /// `POST triggers/cleanup`: deletes what nobody waits for, for every host.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn cleanup(&self) -> Result<(), ApiError> {
        Err(ApiError::NoApi)
    }

    /// `PUT triggers/{id}/checkpoint`. Only for a server with the checkpoint extension.
    ///
    /// # Errors
    /// [`ApiError::Rejected`] with reason `not_holder` or `stale_position`; [`ApiError::NotFound`] when the trigger is gone.
    pub async fn checkpoint(
        &self,
        _id: TriggerId,
        _checkpoint: &StoredCheckpoint,
        _job: JobId,
    ) -> Result<(), ApiError> {
        Err(ApiError::NoApi)
    }

    /// `GET task-instances/states`, from the runtime URL.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn task_states(&self, _query: &TaskQuery) -> Result<TaskStates, ApiError> {
        Err(ApiError::NoApi)
    }
}
