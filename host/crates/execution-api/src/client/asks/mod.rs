//! What the host asks at run time, from the runtime URL, in its own name or in that of a trigger. See
//! docs/design/execution-api.md#asks.
//!
//! Airflow checks hardly any of these calls against the trigger that they are for: the caller must have checked the
//! grants. Ids are data and never choose a route. An [`AirflowAccess`] reaches the runtime routes and nothing else, so
//! what serves guests cannot claim or fire.

mod asset_state;
mod identity;
mod runs;
mod trigger_tokens;
mod values;

use reqwest::Method;
use serde::de::DeserializeOwned;
use trigger_host_types::{JobId, TriggerId};
use uuid::Uuid;

use self::identity::Identity;
pub(super) use self::trigger_tokens::TriggerTokens;
use super::Client;
use super::answer::Answer;
use super::answer::{self, Route};
use super::exchange::Ask;
use crate::error::ApiError;

/// The largest value, in bytes: an XCom, a variable, an asset's state.
const VALUE: u64 = 16 * 1024 * 1024;

type Query = Vec<(&'static str, String)>;

/// The runtime routes, asked with one identity. Cheap to clone and to make: the client keeps the tokens.
#[derive(Clone)]
pub struct AirflowAccess {
    client: Client,
    identity: Option<Identity>,
    cap: u64,
}

impl Client {
    /// The runtime routes in the name of the host itself, with the token that is configured for them.
    pub fn airflow(&self) -> AirflowAccess {
        AirflowAccess { client: self.clone(), identity: None, cap: VALUE }
    }

    /// The runtime routes in the name of one trigger that `job` holds. `task_instance`: the id of the waiting task
    /// instance, none for assets and callbacks.
    ///
    /// The token is the one that the server gives out for the trigger, where it announced `runtime-token` when the Job
    /// was registered; else one signed here with the task instance as its subject, where the host holds the runtime
    /// URL's secret; else the configured one. It is kept until shortly before it expires.
    pub fn airflow_for(&self, trigger: TriggerId, job: JobId, task_instance: Option<Uuid>) -> AirflowAccess {
        let identity = Some(Identity { trigger, job, task_instance });
        AirflowAccess { client: self.clone(), identity, cap: VALUE }
    }
}

impl AirflowAccess {
    /// The same, with a limit on the bytes of an answer.
    #[must_use]
    pub fn at_most(self, bytes: u64) -> Self {
        Self { cap: bytes.min(VALUE), ..self }
    }

    async fn ask(
        &self,
        method: Method,
        path: &[&str],
        query: Query,
        body: Option<Vec<u8>>,
    ) -> Result<Answer, ApiError> {
        let mut ask = Ask::new(method, path, self.cap);
        ask.query = query;
        ask.body = body;
        match &self.identity {
            None => self.client.asks.send(ask).await,
            Some(identity) => self.client.ask_as(identity, ask).await,
        }
    }

    async fn get<T: DeserializeOwned>(&self, path: &[&str], query: Query) -> Result<T, ApiError> {
        answer::parse(&self.ask(Method::GET, path, query, None).await?, Route::Other)
    }

    async fn put(&self, path: &[&str], query: Query, body: Vec<u8>) -> Result<(), ApiError> {
        answer::accepted(&self.ask(Method::PUT, path, query, Some(body)).await?, Route::Other)
    }

    async fn delete(&self, path: &[&str], query: Query) -> Result<(), ApiError> {
        answer::accepted(&self.ask(Method::DELETE, path, query, None).await?, Route::Other)
    }
}
