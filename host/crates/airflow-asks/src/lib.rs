//! Answers what guests ask of Airflow: variables, XComs, asset state, states, what connections point to; and lends connections to their requests.
//!
//! The order is fixed: the grant, then the scope (Dag, run, task and assets are those of the host's own record of the trigger), then a place among
//! the few requests that run at once, then the request in the trigger's own name. So guests cannot flood the API: what waits, waits here, and
//! heartbeats and deliveries have ways of their own.

#![forbid(unsafe_code)]

mod ask;
mod describe;
mod failure;
mod grants;
mod kept;
mod lender;
mod pattern;
mod places;
mod scope;
mod states;

use std::sync::Arc;
use std::time::Duration;

use execution_api::{AirflowAccess, Client};
use logs::Masker;
use trigger_host_types::airflow::{Answer, Error, Request};
use trigger_host_types::{ClassPath, Connections, JobId, TriggerId};

pub use self::grants::{Access, AirflowGrants, StateGrant};
use self::kept::Kept;
use self::lender::Lender;
pub use self::pattern::{Pattern, PatternError};
use self::places::Places;
pub use self::scope::Scope;

/// The longest a guest waits, for its turn and for the answer together.
const WITHIN: Duration = Duration::from_secs(20);
/// The most bytes of an answer as it comes. What a guest gets is smaller; Airflow's encodings take more.
const MOST_WIRE: u64 = 4 << 20;
/// What is wrong with a port that is none.
const NO_PORT: &str = "its port is none of TCP: correct it in Airflow to one from 0 to 65535, or leave it empty";

/// Where guests ask. One for the whole host; cheap to clone.
#[derive(Clone)]
pub struct Desk {
    client: Client,
    masker: Masker,
    places: Arc<Places>,
    kept: Arc<Kept>,
}

/// Who asks. Made by the host for each call of a guest; nothing in it comes from the guest.
pub struct Asker {
    trigger: TriggerId,
    classpath: ClassPath,
    job: JobId,
    grants: Arc<AirflowGrants>,
    scope: Scope,
}

impl Asker {
    /// A trigger that `job` holds, with the grants of its class.
    pub const fn new(
        trigger: TriggerId,
        classpath: ClassPath,
        job: JobId,
        grants: Arc<AirflowGrants>,
        scope: Scope,
    ) -> Self {
        Self { trigger, classpath, job, grants, scope }
    }

    /// The class path whose grants these are.
    pub const fn classpath(&self) -> &ClassPath {
        &self.classpath
    }
}

impl Desk {
    /// A desk that asks through this client, and tells the masker what is secret in the answers.
    pub fn new(client: Client, masker: Masker) -> Self {
        Self { client, masker, places: Arc::default(), kept: Arc::default() }
    }

    /// The connections that the requests of one trigger may use. Which of them is for the grants to say.
    pub fn connections(&self, asker: Arc<Asker>) -> Arc<dyn Connections> {
        Arc::new(Lender::new(self.clone(), asker))
    }

    /// Answers one request.
    ///
    /// # Errors
    /// As the guest is to see them.
    ///
    /// # Cancel safety
    /// A dropped request may have reached the server.
    pub async fn answer(&self, asker: &Asker, request: Request) -> Result<Answer, Error> {
        asker.grants.allow(&request, &asker.scope)?;
        let answered = tokio::time::timeout(WITHIN, self.asked(asker, request)).await;
        answered.unwrap_or(Err(Error::Deadline(WITHIN)))
    }

    async fn asked(&self, asker: &Asker, request: Request) -> Result<Answer, Error> {
        let place = self.places.take(&asker.classpath).await;
        let _place = place.ok_or_else(|| Error::Other("the host is ending".to_owned()))?;
        let secret = match &request {
            Request::VariableGet { key } => Some(key.clone()),
            _ => None,
        };
        let answer = ask::ask(&self.access(asker), &asker.scope, request).await?;
        if let (Some(name), Answer::Text(value)) = (secret, &answer) {
            self.masker.remember_named(&asker.classpath, &name, value);
        }
        Ok(answer)
    }

    fn access(&self, asker: &Asker) -> AirflowAccess {
        self.client.airflow_for(asker.trigger, asker.job, asker.scope.task_instance()).at_most(MOST_WIRE)
    }
}

#[cfg(test)]
mod tests;
