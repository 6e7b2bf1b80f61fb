//! A host and the Execution API that it claims from, in one process: for commands that run triggers without Airflow.
//!
//! Owns how the two are put together and when they are done. What happens is shown to an [`Audience`], which the
//! command brings.

mod clocks;
mod server;
mod watch;

use std::sync::Arc;

use anyhow::anyhow;
use embedded_api::Defer;
use logs::Masker;
use sandbox::Sandbox;
use settings::Settings;
use supervisor::{Observer, Parts, Supervisor};
use tokio::sync::broadcast;
use trigger_host_types::step::Step;

pub(crate) use self::clocks::Clocks;
pub(crate) use self::server::Place;
use self::server::Server;
pub(crate) use self::watch::Audience;
use crate::exit::{Exit, Failure, OrExit as _};
use crate::{config, host};

/// Everything that is needed to run, in one place.
pub(crate) struct Development {
    settings: Settings,
    sandbox: Sandbox,
    server: Server,
    time: Clocks,
}

impl Development {
    /// Starts the embedded API. Nothing runs yet.
    ///
    /// # Errors
    /// The address cannot be listened on, or the database cannot be opened.
    pub(crate) async fn start(
        settings: Settings,
        sandbox: Sandbox,
        place: Place,
        time: Clocks,
    ) -> Result<Self, Failure> {
        let server = Server::start(place, settings.host.capacity.get(), &time).await?;
        Ok(Self { settings, sandbox, server, time })
    }

    /// Where the embedded API is called.
    pub(crate) fn url(&self) -> String {
        host::api_url(self.server.address)
    }

    /// The steps from now on that only the API knows.
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Step> {
        self.server.api.subscribe()
    }

    /// Creates triggers, without queue and team: the one host of this process is there for all, and `load` cannot ask
    /// for all queues.
    ///
    /// # Errors
    /// One of them cannot be created.
    pub(crate) async fn defer(&self, triggers: Vec<Defer>) -> anyhow::Result<()> {
        let triggers = triggers.into_iter().map(|trigger| Defer { queue: None, team: None, ..trigger }).collect();
        self.server.api.defer(triggers).await?;
        Ok(())
    }

    /// Starts the host.
    ///
    /// # Errors
    /// The host's own fault: the API is here.
    pub(crate) async fn supervise(
        &self,
        classes: supervisor::Catalog,
        observer: Arc<dyn Observer>,
    ) -> Result<Supervisor, Failure> {
        let url = self.url().parse().map_err(|error| anyhow!("the embedded API has no valid URL: {error}"))?;
        let client =
            execution_api::Client::new(execution_api::ClientConfig::new(url)).map_err(|error| anyhow!(error))?;
        let parts = Parts {
            client,
            sandbox: self.sandbox.clone(),
            broker: host::broker(&self.settings, vec![self.server.address])?,
            catalog: Arc::new(classes),
            keys: config::fernet(&self.settings)?,
            time: self.time.time(),
            observer,
            masker: Masker::new(),
        };
        Supervisor::start(host::supervision(&self.settings), parts)
            .await
            .map_err(|error| anyhow!(error))
            .or_exit(Exit::Own)
    }

    /// Whether no trigger waits any more.
    ///
    /// # Errors
    /// The database failed.
    async fn is_idle(&self) -> Result<bool, Failure> {
        Ok(self.server.api.waiting().await.map_err(|error| anyhow!(error))? == 0)
    }

    /// Ends the embedded API.
    pub(crate) async fn stop(self) {
        self.server.stop().await;
    }
}
