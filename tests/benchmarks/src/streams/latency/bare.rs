//! A consumer of the library that the host uses, and nothing behind it.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use rdkafka::Message as _;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use serde::Deserialize;
use tokio::task::JoinHandle;
use upstreams::Kafka;

use super::{LONGEST, Sample, WARM_UP, WINDOW};
use crate::measure::wall_us;

#[derive(Deserialize)]
struct Body {
    sent_us: u64,
}

/// One that is reading.
pub(super) struct Consumer(JoinHandle<Result<Vec<Sample>>>);

impl Consumer {
    /// Reads so many messages of a topic, on a thread of its own.
    pub(super) fn start(kafka: &Kafka, topic: &str, count: u64) -> Result<Self> {
        let mut config = kafka.client();
        let consumer: BaseConsumer = config.set("group.id", "bare").set("auto.offset.reset", "earliest").create()?;
        consumer.subscribe(&[topic])?;
        Ok(Self(tokio::task::spawn_blocking(move || read(&consumer, count))))
    }

    /// What it has read.
    pub(super) async fn seen(self) -> Result<Vec<Sample>> {
        self.0.await?
    }
}

fn read(consumer: &BaseConsumer, count: u64) -> Result<Vec<Sample>> {
    let deadline = Instant::now() + WARM_UP + WINDOW + LONGEST;
    let mut samples = Vec::new();
    while (samples.len() as u64) < count {
        ensure!(Instant::now() < deadline, "a bare consumer has {} of {count} messages", samples.len());
        let Some(message) = consumer.poll(Duration::from_millis(100)) else { continue };
        let message = message?;
        let arrived = wall_us();
        let body: Body = serde_json::from_slice(message.payload().context("a message without a body")?)?;
        samples.push((body.sent_us, arrived));
    }
    Ok(samples)
}
