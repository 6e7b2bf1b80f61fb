//! The rows. One thread writes, in groups; readers have connections of their own (a file) or stand in the writer's
//! queue (in memory).
//!
//! Everything here is a plain function over a connection, so that a request, a `/dev/` tool and a test take the same
//! way. Times in columns are milliseconds since the epoch: `created`, `timeout_after` and `accepted_at` by the
//! triggers' clock, a job's by the real one.

pub(crate) mod checkpoints;
pub(crate) mod claim;
pub(crate) mod connections;
pub(crate) mod defer;
pub(crate) mod events;
pub(crate) mod jobs;
pub(crate) mod overview;
pub(crate) mod payload;
pub(crate) mod records;
pub(crate) mod runs;
pub(crate) mod scheduler;
pub(crate) mod schema;
pub(crate) mod states;
pub(crate) mod tasks;
pub(crate) mod variables;
pub(crate) mod workloads;
mod writer;
pub(crate) mod xcoms;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::{Semaphore, broadcast, mpsc, oneshot, watch};
use trigger_host_types::step::Step;
use trigger_host_types::{Clock, UnixMs};

use crate::config::{Config, Database};
use crate::error::{OpenError, StoreError};
pub(crate) use writer::Write;
use writer::{Answer, Job, Writer};

/// Writes that may wait for the writer; above it callers wait to queue.
const QUEUE_BOUND: usize = 1_024;
/// Connections that read a file at a time.
const READERS: usize = 2;

/// The database of one server. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Store(Arc<Inner>);

struct Inner {
    jobs: mpsc::Sender<Job>,
    readers: Option<Readers>,
    /// When the next `timeout_after` passes; `u64::MAX` when none is to.
    next_timeout: Arc<AtomicU64>,
    clock: Arc<dyn Clock>,
    /// The newest record's sequence number.
    newest: watch::Receiver<i64>,
}

struct Readers {
    permits: Semaphore,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Store {
    pub(crate) fn open(config: &Config, steps: broadcast::Sender<Step>) -> Result<Self, OpenError> {
        let connection = schema::open(&config.database, config.max_database)?;
        let (jobs, queue) = mpsc::channel(QUEUE_BOUND);
        let next_timeout = Arc::new(AtomicU64::new(0));
        let (newest_sender, newest) = watch::channel(0);
        Writer::start(connection, queue, config, Arc::clone(&next_timeout), newest_sender, steps)
            .map_err(OpenError::Thread)?;
        let readers = match &config.database {
            Database::Memory => None,
            Database::File(path) => {
                let idle = (0..READERS).map(|_| schema::open_reader(path)).collect::<Result<Vec<_>, _>>()?;
                Some(Readers { permits: Semaphore::new(READERS), idle: Arc::new(Mutex::new(idle)) })
            }
        };
        Ok(Self(Arc::new(Inner { jobs, readers, next_timeout, clock: Arc::clone(&config.clock), newest })))
    }

    /// Runs this in the writer's next transaction and answers after the commit. An error undoes all that `operation`
    /// did.
    ///
    /// # Cancel safety
    /// A dropped future does not take the write back once it is queued.
    pub(crate) async fn write<T, E, F>(&self, operation: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Write<'_>) -> Result<T, E> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |write| {
            let result = write.map_err(E::from).and_then(operation);
            let failed = result.is_err();
            let tell = Box::new(move |lost: Option<StoreError>| {
                // The one who asked may be gone; what was done stays done.
                drop(answer.send(lost.map_or(result, |lost| Err(E::from(lost)))));
            });
            Answer { failed, tell }
        });
        self.0.jobs.send(job).await.map_err(|_| E::from(StoreError::Closed))?;
        answered.await.unwrap_or_else(|_| Err(E::from(StoreError::Closed)))
    }

    /// Runs this on a reader. It sees every write that was answered before.
    pub(crate) async fn read<T, F>(&self, operation: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let Some(readers) = &self.0.readers else {
            return self.write(|write| operation(write.connection)).await;
        };
        self.settle_timeouts().await?;
        let _permit = readers.permits.acquire().await.map_err(|_| StoreError::Closed)?;
        let idle = Arc::clone(&readers.idle);
        let work = move || {
            let connection = idle.lock().pop().ok_or(StoreError::Closed)?;
            let result = operation(&connection);
            idle.lock().push(connection);
            result
        };
        tokio::task::spawn_blocking(work).await.unwrap_or(Err(StoreError::Closed))
    }

    /// Lets the scheduler's part run if a `timeout_after` has passed.
    pub(crate) async fn settle_timeouts(&self) -> Result<(), StoreError> {
        if self.0.clock.now() > self.0.next_timeout.load(Ordering::SeqCst) {
            self.write(|_| Ok::<_, StoreError>(())).await?;
        }
        Ok(())
    }

    /// Follows the newest record's sequence number.
    pub(crate) fn newest(&self) -> watch::Receiver<i64> {
        self.0.newest.clone()
    }
}

/// A time as a column holds it.
pub(crate) fn column(at: UnixMs) -> i64 {
    i64::try_from(at).unwrap_or(i64::MAX)
}
