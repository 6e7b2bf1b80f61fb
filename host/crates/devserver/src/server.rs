//! The server's handle: what `dev`, `api` and tests hold.

use std::future::Future;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::broadcast;
use trigger_host_types::TriggerId;

use crate::config::Config;
use crate::defer::Defer;
use crate::error::{DeferError, OpenError, StoreError};
use crate::faults::Faults;
use crate::life::Life;

/// Lines of life a slow watcher may be behind before it loses some.
const LIFE_BOUND: usize = 4_096;

/// A server over one database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Devserver {
    faults: Faults,
    life: broadcast::Sender<Life>,
}

impl Devserver {
    /// Opens or creates the database.
    ///
    /// # Errors
    /// [`OpenError`], which names the file.
    pub fn open(config: Config) -> Result<Self, OpenError> {
        Ok(Self { faults: Faults::new(Arc::clone(&config.real)), life: broadcast::channel(LIFE_BOUND).0 })
    }

    /// Answers on this listener until `stop` is done, then lets open calls end for a few seconds.
    pub async fn serve(self, listener: TcpListener, stop: impl Future<Output = ()> + Send + 'static) {
        drop(listener);
        stop.await;
    }

    /// Creates triggers with what waits for them: all or none.
    ///
    /// # Errors
    /// [`DeferError::AlreadyDeferred`], or trouble with the database.
    pub async fn defer(&self, triggers: Vec<Defer>) -> Result<Vec<TriggerId>, DeferError> {
        drop(triggers);
        Err(DeferError::Store(StoreError::Closed))
    }

    /// How many triggers are still waited for: deferred tasks, unfinished callbacks, and asset watchers without an event yet.
    ///
    /// # Errors
    /// Trouble with the database.
    pub async fn waiting(&self) -> Result<u64, StoreError> {
        Err(StoreError::Closed)
    }

    /// What happens from now on. A watcher that is slow by thousands of lines is told how many it lost.
    pub fn subscribe(&self) -> broadcast::Receiver<Life> {
        self.life.subscribe()
    }

    /// The trouble this server makes on demand.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }
}
