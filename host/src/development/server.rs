//! The embedded API of this process, listening.

use std::net::SocketAddr;

use anyhow::Context as _;
use embedded_api::{Config, Database, EmbeddedApi};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::Clocks;
use crate::exit::{Exit, Failure, OrExit as _};
use crate::host;

/// Where the embedded API listens, and where it keeps triggers.
pub(crate) struct Place {
    /// Port 0 is any free one.
    pub(crate) listen: SocketAddr,
    /// A file, or memory.
    pub(crate) database: Database,
}

/// An embedded API that answers until it is stopped.
pub(super) struct Server {
    pub(super) api: EmbeddedApi,
    pub(super) address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Server {
    /// `capacity`: of the one host that claims from it.
    pub(super) async fn start(place: Place, capacity: usize, time: &Clocks) -> Result<Self, Failure> {
        let (listener, address) = host::listen(place.listen).await.context("--listen").or_exit(Exit::Usage)?;
        // One host: nothing is gained by handing triggers out in small portions.
        let claims_per_class = u32::try_from(capacity).unwrap_or(u32::MAX);
        let clock = time.clock.clone();
        let config = Config { database: place.database, clock, claims_per_class, ..Config::default() };
        let api = EmbeddedApi::open(config)?;
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(api.clone().serve(listener, async move {
            // A sender that is gone says the same.
            let _ = stopped.await;
        }));
        Ok(Self { api, address, stop, task })
    }

    pub(super) async fn stop(self) {
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}
