//! The server's handle: what `dev`, `api` and tests hold.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{broadcast, watch};
use trigger_host_types::TriggerId;
use trigger_host_types::step::Step;

use crate::api::{self, App};
use crate::config::Config;
use crate::defer::Defer;
use crate::dev;
use crate::error::{DeferError, OpenError, StoreError};
use crate::faults::Faults;
use crate::listener::{Line, Lines};
use crate::store::{Store, defer, overview};

/// Steps a slow watcher may be behind before it loses some.
const STEPS_BOUND: usize = 4_096;
/// How long open calls may take to end after `stop`.
const DRAIN: Duration = Duration::from_secs(5);
/// How often the scheduler's part looks for passed time-outs when nobody calls.
const TICK: Duration = Duration::from_millis(250);

/// A server over one database. Cheap to clone; the database is closed with the last clone.
#[derive(Clone)]
pub struct EmbeddedApi {
    config: Arc<Config>,
    store: Store,
    faults: Faults,
    steps: broadcast::Sender<Step>,
}

impl fmt::Debug for EmbeddedApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedApi").field("config", &self.config).finish_non_exhaustive()
    }
}

impl EmbeddedApi {
    /// Opens or creates the database.
    ///
    /// # Errors
    /// [`OpenError`], which names the file.
    pub fn open(config: Config) -> Result<Self, OpenError> {
        let steps = broadcast::channel(STEPS_BOUND).0;
        let store = Store::open(&config, steps.clone())?;
        Ok(Self { faults: Faults::new(Arc::clone(&config.real)), store, config: Arc::new(config), steps })
    }

    /// Answers on this listener until `stop` is done, then lets open calls end for a few seconds. Several may run at a
    /// time.
    ///
    /// # Cancel safety
    /// A dropped future closes the listener at once.
    pub async fn serve(self, listener: TcpListener, stop: impl Future<Output = ()> + Send + 'static) {
        let (stopped, stopping) = watch::channel(false);
        let app = Arc::new(App::new(&self.config, self.store.clone(), self.faults.clone(), stopping.clone()));
        let router = api::router(&app, dev::router());
        let service = router.into_make_service_with_connect_info::<Line>();
        let until = |mut stopping: watch::Receiver<bool>| async move {
            // A sender that is gone means that serving has ended.
            drop(stopping.wait_for(|stopping| *stopping).await);
        };
        let served =
            axum::serve(Lines(listener), service).with_graceful_shutdown(until(stopping.clone())).into_future();
        let overdue = async {
            until(stopping).await;
            tokio::time::sleep(DRAIN).await;
        };
        let stop = async {
            stop.await;
            stopped.send_replace(true);
            std::future::pending::<()>().await;
        };
        // Cancel safety: the first that ends ends all; what the others hold is only this server's.
        tokio::select! {
            _ = served => {}
            () = overdue => tracing::warn!("Open calls did not end in time and were closed."),
            () = stop => {}
            () = self.tick() => {}
        }
    }

    /// Lets time-outs pass also while nobody calls. Never ends.
    async fn tick(&self) {
        let mut tick = tokio::time::interval(TICK);
        loop {
            tick.tick().await;
            if let Err(error) = self.store.settle_timeouts().await {
                tracing::warn!(error = %error, "Passed time-outs could not be stored.");
            }
        }
    }

    /// Creates triggers with what waits for them: all or none.
    ///
    /// # Errors
    /// [`DeferError::AlreadyDeferred`], or trouble with the database.
    pub async fn defer(&self, triggers: Vec<Defer>) -> Result<Vec<TriggerId>, DeferError> {
        self.store.write(move |write| defer::defer(write, &triggers)).await
    }

    /// How many triggers are still waited for: deferred tasks, unfinished callbacks, and asset watchers without an
    /// event yet. A `timeout_after` that has passed counts as passed, also right after a jump of the clock.
    ///
    /// # Errors
    /// Trouble with the database.
    pub async fn waiting(&self) -> Result<u64, StoreError> {
        Ok(self.store.read(overview::waiting).await?.waiting)
    }

    /// The steps from now on that only the API knows. A watcher that is thousands of steps behind learns how many it
    /// has lost.
    pub fn subscribe(&self) -> broadcast::Receiver<Step> {
        self.steps.subscribe()
    }

    /// The trouble this server makes on demand.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }
}
