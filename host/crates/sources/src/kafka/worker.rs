//! The thread that polls: Kafka wants its consumer to be asked all the time, whether there is room for messages or not.
//!
//! Owns the consumer; it is dropped here, because leaving the group takes a while. Invariants: only this thread reads,
//! pauses and seeks, so a rewind has its place between two messages; when the group takes nothing the partitions are
//! paused, and asking goes on.

use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::util::Timeout;
use rdkafka::{Offset, TopicPartitionList};
use stream_rules::Lane;
use streams::SourceError;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::commits::explain;
use super::partitions::{Name, Partitions};

/// How long one poll waits when there is nothing.
const POLL: Duration = Duration::from_millis(100);
/// The same while reading is paused: how soon it goes on when there is room.
const POLL_PAUSED: Duration = Duration::from_millis(20);
const SEEK_WITHIN: Duration = Duration::from_secs(10);

/// What the worker and the group's side share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) partitions: Mutex<Partitions>,
    /// Something is ready, or over.
    pub(super) ready: Notify,
}

/// A lane to read again.
pub(super) struct Rewind {
    pub(super) lane: Lane,
    pub(super) payload: Bytes,
    pub(super) done: oneshot::Sender<Result<(), SourceError>>,
}

/// What the library calls back.
pub(super) struct Context(pub(super) Arc<Shared>);

/// A way to the consumer, as long as the worker runs.
#[derive(Clone)]
pub(super) struct Handle(Weak<BaseConsumer<Context>>);

impl Handle {
    pub(super) fn consumer(&self) -> Option<Arc<BaseConsumer<Context>>> {
        self.0.upgrade()
    }
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        match level {
            RDKafkaLogLevel::Debug | RDKafkaLogLevel::Info | RDKafkaLogLevel::Notice => {
                tracing::debug!(facility, message, "The Kafka client says something.");
            }
            _ => tracing::warn!(facility, message, "The Kafka client has trouble."),
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!(%error, reason, "The Kafka client has trouble.");
    }
}

impl ConsumerContext for Context {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Revoke(list) => {
                let lost = consumer.assignment_lost();
                tracing::info!(partitions = list.count(), lost, "Partitions of a stream were taken away.");
                self.0.partitions.lock().revoke(names(list));
            }
            Rebalance::Assign(list) => {
                tracing::info!(partitions = list.count(), "Partitions of a stream were assigned.");
                self.0.partitions.lock().assign(names(list));
            }
            Rebalance::Error(error) => tracing::warn!(%error, "A rebalance failed."),
        }
    }
}

fn names(list: &TopicPartitionList) -> impl Iterator<Item = Name> {
    list.elements().into_iter().map(|one| (one.topic().to_owned(), one.partition())).collect::<Vec<_>>().into_iter()
}

/// One consumer and its thread.
pub(super) struct Worker {
    consumer: Arc<BaseConsumer<Context>>,
    shared: Arc<Shared>,
    rewinds: mpsc::Receiver<Rewind>,
    stop: CancellationToken,
    paused: bool,
}

impl Worker {
    pub(super) fn new(
        consumer: BaseConsumer<Context>,
        shared: Arc<Shared>,
        rewinds: mpsc::Receiver<Rewind>,
        stop: CancellationToken,
    ) -> Self {
        Self { consumer: Arc::new(consumer), shared, rewinds, stop, paused: false }
    }

    pub(super) fn handle(&self) -> Handle {
        Handle(Arc::downgrade(&self.consumer))
    }

    /// Runs until it is stopped or cannot go on; then leaves the group.
    pub(super) fn run(mut self) {
        while !self.stop.is_cancelled() {
            while let Ok(rewind) = self.rewinds.try_recv() {
                let _ = rewind.done.send(self.rewind(&rewind.lane, &rewind.payload));
            }
            if let Err(what) = self.keep_pace().and_then(|()| self.poll()) {
                self.shared.partitions.lock().end = Some(what);
                self.shared.ready.notify_one();
                break;
            }
        }
    }

    fn poll(&self) -> Result<(), String> {
        let wait = if self.paused { POLL_PAUSED } else { POLL };
        match self.consumer.poll(Timeout::After(wait)) {
            None => {}
            Some(Ok(message)) => {
                self.shared.partitions.lock().push(&message);
                self.shared.ready.notify_one();
            }
            Some(Err(error)) if ends(&error) => return Err(explain(error)),
            // The library goes on by itself: brokers come back, topics are made.
            Some(Err(error)) => tracing::warn!(%error, "Reading from Kafka has trouble."),
        }
        Ok(())
    }

    /// Pauses and goes on, as there is room.
    fn keep_pace(&mut self) -> Result<(), String> {
        let (full, room) = {
            let partitions = self.shared.partitions.lock();
            (partitions.is_full(), partitions.has_room())
        };
        let change = if full { !self.paused } else { self.paused && room };
        // What was assigned during a pause is not paused yet.
        if change || (full && self.paused) {
            let all = self.consumer.assignment().map_err(explain)?;
            let done = if full { self.consumer.pause(&all) } else { self.consumer.resume(&all) };
            done.map_err(explain)?;
            self.paused = full;
        }
        Ok(())
    }

    fn rewind(&self, lane: &Lane, payload: &Bytes) -> Result<(), SourceError> {
        let to = self.shared.partitions.lock().rewind(lane, payload);
        let to = to.map_err(|_| SourceError("the message to go back to is not known".to_owned()))?;
        // Whoever has a lost partition now reads it from what was committed.
        let Some(((topic, partition), offset)) = to else { return Ok(()) };
        self.consumer
            .seek(&topic, partition, Offset::Offset(offset), SEEK_WITHIN)
            .map_err(|error| SourceError(format!("going back in a partition failed: {error}")))
    }
}

/// Whether the client cannot go on after this.
fn ends(error: &KafkaError) -> bool {
    match error {
        KafkaError::MessageConsumptionFatal(_) => true,
        error => matches!(
            error.rdkafka_error_code(),
            Some(
                RDKafkaErrorCode::Authentication
                    | RDKafkaErrorCode::SaslAuthenticationFailed
                    | RDKafkaErrorCode::TopicAuthorizationFailed
                    | RDKafkaErrorCode::GroupAuthorizationFailed
                    | RDKafkaErrorCode::Fatal
            )
        ),
    }
}
