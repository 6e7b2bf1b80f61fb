//! Where guests ask: grants first, then a place, then the API.
//!
//! Invariant: nothing is put to the API that [`Question::allow`] refuses, nor without a place among the requests that
//! run at once.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use execution_api::{AirflowAccess, Client};
use logs::Masker;
use trigger_host_types::airflow::{Answers, Error};
use trigger_host_types::imports::AnswersAll;

use crate::asker::Asker;
use crate::kept::Kept;
use crate::places::Places;
use crate::question::{Question, Turn};

/// The longest a guest waits, for its turn and for the answer together.
pub(crate) const WITHIN: Duration = Duration::from_secs(20);
/// The most bytes of an answer as it comes. What a guest gets is smaller; Airflow's encodings need more.
const MOST_WIRE: u64 = 4 << 20;

/// Where guests ask. One for the whole host; cheap to clone.
#[derive(Clone)]
pub struct Desk {
    client: Client,
    pub(crate) masker: Masker,
    pub(crate) places: Arc<Places>,
    pub(crate) kept: Arc<Kept>,
}

impl Desk {
    /// A desk that asks through this client, and lets the masker know what is secret in the answers.
    pub fn new(client: Client, masker: Masker) -> Self {
        Self { client, masker, places: Arc::default(), kept: Arc::default() }
    }

    /// Answers what one trigger asks.
    pub fn serve(&self, asker: Arc<Asker>) -> Arc<dyn AnswersAll> {
        Arc::new(Served { desk: self.clone(), asker })
    }

    /// Answers one ask.
    ///
    /// # Errors
    /// As the guest is to see them.
    ///
    /// # Cancel safety
    /// An ask that is dropped may have reached the server.
    pub(crate) async fn answer<A: Question>(&self, asker: &Asker, ask: A) -> Result<A::Answer, Error> {
        ask.allow(asker)?;
        let answered = tokio::time::timeout(WITHIN, self.wait_and_put(asker, ask)).await;
        answered.unwrap_or(Err(Error::Deadline(WITHIN)))
    }

    async fn wait_and_put<A: Question>(&self, asker: &Asker, ask: A) -> Result<A::Answer, Error> {
        let place = self.places.take(&asker.classpath).await;
        let _place = place.ok_or_else(|| Error::Other("the host is ending".to_owned()))?;
        ask.put(&Turn { asker, airflow: self.access(asker), masker: &self.masker }).await
    }

    /// The API in the name of a trigger.
    pub(crate) fn access(&self, asker: &Asker) -> AirflowAccess {
        self.client.airflow_for(asker.trigger, asker.job, asker.scope.task_instance()).at_most(MOST_WIRE)
    }
}

/// The desk, and who stands at it.
struct Served {
    desk: Desk,
    asker: Arc<Asker>,
}

#[async_trait]
impl<A: Question> Answers<A> for Served {
    async fn answer(&self, ask: A) -> Result<A::Answer, Error> {
        self.desk.answer(&self.asker, ask).await
    }
}

#[cfg(test)]
mod tests;
