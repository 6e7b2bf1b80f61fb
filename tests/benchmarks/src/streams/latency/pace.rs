//! Messages at an even pace, each with the time at which it was sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use rdkafka::ClientContext;
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseRecord, Producer as _, ProducerContext, ThreadedProducer};
use serde_json::json;
use upstreams::Kafka;

use super::WATCHERS;
use crate::measure::wall_us;

pub(super) const PER_SECOND: u64 = 1_000;
/// The broker takes no message in nearly so long.
const FLUSH: Duration = Duration::from_secs(30);

/// What was sent.
pub(super) struct Sent {
    /// When the first one was, in microseconds since the epoch.
    pub(super) began_us: u64,
    /// How much later than planned each one was.
    pub(super) late_ms: Vec<f64>,
}

/// A topic and a producer for it.
pub(super) struct Pace {
    topic: String,
    producer: ThreadedProducer<Failures>,
}

/// Counts the messages that the broker did not take.
#[derive(Clone, Default)]
struct Failures(Arc<AtomicU64>);

impl ClientContext for Failures {}

impl ProducerContext for Failures {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        self.0.fetch_add(u64::from(result.is_err()), Ordering::Relaxed);
    }
}

impl Pace {
    /// Makes the topic by a first message.
    pub(super) fn open(kafka: &Kafka, topic: &str) -> Result<Self> {
        // A message leaves at once: waiting for others would be a part of every figure.
        let producer = kafka.client().set("linger.ms", "0").create_with_context(Failures::default())?;
        let pace = Self { topic: topic.to_owned(), producer };
        pace.send_one(0)?;
        pace.flush()?;
        Ok(pace)
    }

    /// Sends so many, from a thread of its own.
    pub(super) async fn send(self, count: u64) -> Result<Sent> {
        tokio::task::spawn_blocking(move || self.run(count)).await?
    }

    fn run(&self, count: u64) -> Result<Sent> {
        let (began, began_us) = (Instant::now(), wall_us());
        let mut late_ms = Vec::with_capacity(usize::try_from(count)?);
        for number in 0..count {
            let due = began + Duration::from_secs(1) / u32::try_from(PER_SECOND)? * u32::try_from(number)?;
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            late_ms.push(due.elapsed().as_secs_f64() * 1e3);
            self.send_one(number)?;
        }
        self.flush()?;
        Ok(Sent { began_us, late_ms })
    }

    fn send_one(&self, number: u64) -> Result<()> {
        let (key, to) = (number.to_string(), number % WATCHERS);
        let body = json!({"to": to, "sent_us": wall_us(), "filling": "x".repeat(100)}).to_string();
        self.producer.send(BaseRecord::to(&self.topic).key(&key).payload(&body)).map_err(|(error, _)| error)?;
        Ok(())
    }

    fn flush(&self) -> Result<()> {
        self.producer.flush(FLUSH)?;
        let failed = self.producer.context().0.load(Ordering::Relaxed);
        ensure!(failed == 0, "the broker did not take {failed} messages");
        Ok(())
    }
}
