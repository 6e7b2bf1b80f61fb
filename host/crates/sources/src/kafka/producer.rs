//! Topics as a group reads and acknowledges them.
//!
//! Owns the life of one consumer, from open to close.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::Mutex;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::RDKafkaErrorCode;
use stream_rules::{AdvanceError, AdvanceItem, Lane};
use streams::{Producer, Read, Reader, SourceError};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};
use trigger_host_types::Connections;

use super::commits::{Commits, explain};
use super::worker::{Context, Handle, Rewind, Shared, Worker};
use super::{Settings, client};

/// How long the brokers may take to say what topics they have.
const METADATA_WITHIN: Duration = Duration::from_secs(15);
/// How long leaving the consumer group may take.
const CLOSE_WITHIN: Duration = Duration::from_secs(20);
/// Rewinds that may wait for the worker.
const MOST_REWINDS: usize = 64;

/// See the module.
pub(super) struct Topics {
    settings: Settings,
    topics: Vec<String>,
    group: String,
    connections: Arc<dyn Connections>,
    running: Mutex<Option<Running>>,
}

/// An open consumer. Dropping it stops the worker.
struct Running {
    shared: Arc<Shared>,
    handle: Handle,
    commits: Arc<Commits>,
    rewinds: mpsc::Sender<Rewind>,
    ended: oneshot::Receiver<()>,
    stop: DropGuard,
}

impl Topics {
    pub(super) fn new(
        settings: Settings,
        topics: Vec<String>,
        group: String,
        connections: Arc<dyn Connections>,
    ) -> Self {
        Self { settings, topics, group, connections, running: Mutex::new(None) }
    }
}

#[async_trait]
impl Producer for Topics {
    fn source(&self) -> &'static str {
        "kafka"
    }

    async fn open(&self) -> Result<Box<dyn Reader>, SourceError> {
        let connection = self.connections.connection(&self.settings.connection).await;
        let connection = connection.map_err(|error| SourceError(error.to_string()))?;
        let config = client::configuration(&connection, &self.settings, &self.group).map_err(SourceError)?;
        let shared = Arc::new(Shared::default());
        let (context, topics) = (Context(shared.clone()), self.topics.clone());
        let subscribe = tokio::task::spawn_blocking(move || subscribe(&config, context, &topics));
        let consumer = subscribe.await.map_err(|_| SourceError("the Kafka client failed".to_owned()))?;
        let consumer = consumer.map_err(SourceError)?;
        let (rewinds, inbox) = mpsc::channel(MOST_REWINDS);
        let stop = CancellationToken::new();
        let worker = Worker::new(consumer, shared.clone(), inbox, stop.clone());
        let (handle, (end, ended)) = (worker.handle(), oneshot::channel());
        let work = move || {
            worker.run();
            // Nobody may wait for it.
            let _ = end.send(());
        };
        let thread = std::thread::Builder::new().name("kafka".to_owned()).spawn(work);
        thread.map_err(|error| SourceError(format!("cannot start a thread for the Kafka client: {}", error.kind())))?;
        let stop = stop.drop_guard();
        let running = Running { shared: shared.clone(), handle, commits: Arc::default(), rewinds, ended, stop };
        *self.running.lock() = Some(running);
        Ok(Box::new(Messages(shared)))
    }

    async fn advance(&self, lane: &Lane, items: &[AdvanceItem]) -> Result<(), AdvanceError> {
        let failed = |what: String| AdvanceError { what: what.into(), fatal: false, retry_after: None };
        let open =
            self.running.lock().as_ref().map(|open| (open.shared.clone(), open.handle.clone(), open.commits.clone()));
        let Some((shared, handle, commits)) = open else { return Err(failed("the consumer is closed".to_owned())) };
        let to_commit = shared.partitions.lock().to_commit(lane, items)?;
        let Some((name, offset)) = to_commit else { return Ok(()) };
        commits.commit(&handle, name, offset).await.map_err(failed)?;
        shared.partitions.lock().settle(lane, items);
        Ok(())
    }

    async fn rewind(&self, lane: &Lane, payload: &Bytes) -> Result<(), SourceError> {
        let closed = || SourceError("the consumer is closed".to_owned());
        let rewinds = self.running.lock().as_ref().map(|open| open.rewinds.clone()).ok_or_else(closed)?;
        let (done, answer) = oneshot::channel();
        let rewind = Rewind { lane: lane.clone(), payload: payload.clone(), done };
        rewinds.send(rewind).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    async fn close(&self) -> Result<(), SourceError> {
        let Some(Running { ended, stop, .. }) = self.running.lock().take() else { return Ok(()) };
        drop(stop);
        // A worker that is gone has left the group or will time out there.
        let ended = timeout(CLOSE_WITHIN, ended).await;
        ended.map(drop).map_err(|_| SourceError("leaving the consumer group took too long".to_owned()))
    }
}

/// A consumer that has subscribed, after the brokers were seen to have its topics.
fn subscribe(
    config: &rdkafka::ClientConfig,
    context: Context,
    topics: &[String],
) -> Result<BaseConsumer<Context>, String> {
    let consumer: BaseConsumer<Context> = config.create_with_context(context).map_err(explain)?;
    for topic in topics {
        let metadata = consumer.fetch_metadata(Some(topic), METADATA_WITHIN);
        let metadata = metadata.map_err(|error| format!("the brokers do not answer: {error}"))?;
        let known = metadata.topics().iter().find(|known| known.name() == topic);
        if let Some(error) = known.and_then(rdkafka::metadata::MetadataTopic::error) {
            return Err(format!("the topic `{topic}` cannot be read: {}", RDKafkaErrorCode::from(error)));
        }
    }
    consumer.subscribe(&topics.iter().map(String::as_str).collect::<Vec<_>>()).map_err(explain)?;
    Ok(consumer)
}

struct Messages(Arc<Shared>);

#[async_trait]
impl Reader for Messages {
    async fn read(&mut self, max: usize) -> Result<Read, SourceError> {
        loop {
            {
                let mut partitions = self.0.partitions.lock();
                let events = partitions.take(max);
                if !events.is_empty() {
                    return Ok(Read { events, end: None });
                }
                if let Some(what) = partitions.end.take() {
                    return Err(SourceError(what));
                }
            }
            self.0.ready.notified().await;
        }
    }
}
