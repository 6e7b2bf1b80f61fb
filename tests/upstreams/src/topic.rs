//! One topic of a broker of its own, and what a test does to it and asks of it.

use std::collections::HashMap;
use std::ops::Range;
use std::time::Duration;

use anyhow::{Context as _, Result};
use futures_util::future::try_join_all;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{Offset, TopicPartitionList};

use crate::Kafka;

/// No question to a broker takes nearly so long.
const WITHIN: Duration = Duration::from_secs(60);
/// Messages that are on their way at the same time.
const TOGETHER: u64 = 10_000;

/// Partition and offset of a message.
pub type Place = (i32, i64);

/// See the module.
pub struct Topic {
    /// The broker.
    pub kafka: Kafka,
    name: &'static str,
    partitions: i32,
    producer: FutureProducer,
}

impl Topic {
    /// Starts a broker and makes a topic in it.
    ///
    /// # Errors
    /// As [`Kafka::start`], or the topic cannot be made.
    pub async fn start(name: &'static str, partitions: i32) -> Result<Self> {
        let kafka = Kafka::start()?;
        let admin: AdminClient<DefaultClientContext> = kafka.client().create()?;
        let topic = NewTopic::new(name, partitions, TopicReplication::Fixed(1));
        let made = admin.create_topics([&topic], &AdminOptions::new()).await?;
        for one in made {
            one.map_err(|(name, code)| anyhow::anyhow!("the topic {name} cannot be made: {code}"))?;
        }
        let producer = kafka.client().set("acks", "all").set("linger.ms", "5").create()?;
        Ok(Self { kafka, name, partitions, producer })
    }

    /// Sends one message for each number, with that as its key; where each went, in order.
    ///
    /// # Errors
    /// The broker does not take one.
    pub async fn produce(&self, numbers: Range<u64>, body: impl Fn(u64) -> String) -> Result<Vec<Place>> {
        let send = |number: u64| {
            let (key, body) = (number.to_string(), body(number));
            async move { self.send(FutureRecord::to(self.name).key(&*key).payload(&*body)).await }
        };
        let mut places = Vec::new();
        let mut begin = numbers.start;
        while begin < numbers.end {
            let end = numbers.end.min(begin + TOGETHER);
            places.extend(try_join_all((begin..end).map(send)).await?);
            begin = end;
        }
        Ok(places)
    }

    /// Sends one message to one partition.
    ///
    /// # Errors
    /// The broker does not take it.
    pub async fn produce_to(&self, partition: i32, body: &str) -> Result<Place> {
        let record: FutureRecord<'_, str, str> = FutureRecord::to(self.name).partition(partition).payload(body);
        self.send(record).await
    }

    async fn send(&self, record: FutureRecord<'_, str, str>) -> Result<Place> {
        let sent = self.producer.send(record, WITHIN).await.map_err(|(error, _)| error)?;
        Ok((sent.partition, sent.offset))
    }

    /// The one consumer group whose name begins so.
    ///
    /// # Errors
    /// There is none, or the broker does not answer.
    pub async fn group(&self, begin: &'static str) -> Result<String> {
        let consumer: BaseConsumer = self.kafka.client().create()?;
        let found = tokio::task::spawn_blocking(move || {
            let groups = consumer.fetch_group_list(None, WITHIN)?;
            let mut names = groups.groups().iter().map(|group| group.name().to_owned());
            anyhow::Ok(names.find(|name| name.starts_with(begin)))
        });
        found.await??.with_context(|| format!("there is no consumer group whose name begins with {begin}"))
    }

    /// Committed offset by partition, where there is one.
    ///
    /// # Errors
    /// The broker does not answer.
    pub async fn committed(&self, group: &str) -> Result<HashMap<i32, i64>> {
        let consumer: BaseConsumer = self.kafka.client().set("group.id", group).create()?;
        let mut list = TopicPartitionList::new();
        list.add_partition_range(self.name, 0, self.partitions - 1);
        let committed = tokio::task::spawn_blocking(move || consumer.committed_offsets(list, WITHIN)).await??;
        let offset = |offset| if let Offset::Offset(offset) = offset { Some(offset) } else { None };
        Ok(committed.elements().iter().filter_map(|one| Some((one.partition(), offset(one.offset())?))).collect())
    }

    /// How many messages each partition has.
    ///
    /// # Errors
    /// The broker does not answer.
    pub async fn ends(&self) -> Result<HashMap<i32, i64>> {
        let consumer: BaseConsumer = self.kafka.client().create()?;
        let (name, partitions) = (self.name, self.partitions);
        let ends = tokio::task::spawn_blocking(move || {
            let end = |at| Ok((at, consumer.fetch_watermarks(name, at, WITHIN)?.1));
            (0..partitions).map(end).collect::<Result<_>>()
        });
        ends.await?
    }

    /// Waits until everything is committed in a group.
    ///
    /// # Errors
    /// It is not within two minutes; says what is missing.
    pub async fn all_committed(&self, group: &str) -> Result<()> {
        let ends = self.ends().await?;
        let mut committed = HashMap::new();
        let done = async {
            loop {
                committed = self.committed(group).await?;
                if ends.iter().all(|(at, end)| *end == 0 || committed.get(at) == Some(end)) {
                    return anyhow::Ok(());
                }
            }
        };
        let done = tokio::time::timeout(2 * WITHIN, done).await;
        done.unwrap_or_else(|_| Err(anyhow::anyhow!("committed is {committed:?}, and there is {ends:?}")))
    }
}
