//! A broker with one topic, and what a test asks it.

use std::collections::HashMap;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use serde_json::{Value, json};
use trigger_host_types::Connection;
use upstreams::Kafka;

use crate::scene::{Lender, make};

pub(crate) const TOPIC: &str = "orders";
pub(crate) const PARTITIONS: i32 = 12;
pub(crate) const WITHIN: Duration = Duration::from_secs(60);

/// A broker with one topic, and what a test does to it.
pub(crate) struct Scene {
    pub(crate) kafka: Kafka,
    producer: FutureProducer,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        let kafka = Kafka::start().unwrap();
        let admin: AdminClient<DefaultClientContext> = client(&kafka).create().unwrap();
        let topic = NewTopic::new(TOPIC, PARTITIONS, TopicReplication::Fixed(1));
        admin.create_topics([&topic], &AdminOptions::new()).await.unwrap().remove(0).unwrap();
        let producer = client(&kafka).set("acks", "all").set("linger.ms", "5").create().unwrap();
        Self { kafka, producer }
    }

    /// Sends one message for each number, with that as its key.
    pub(crate) async fn produce(&self, numbers: std::ops::Range<u64>, body: impl Fn(u64) -> String) {
        let send = |number: u64| {
            let (key, body) = (number.to_string(), body(number));
            async move { self.producer.send(FutureRecord::to(TOPIC).key(&key).payload(&body), WITHIN).await.unwrap() }
        };
        futures_util::future::join_all(numbers.map(send)).await;
    }

    pub(crate) async fn produce_to(&self, partition: i32, count: u64) {
        for number in 0..count {
            let body = json!({ "number": number }).to_string();
            let record: FutureRecord<'_, str, str> = FutureRecord::to(TOPIC).partition(partition).payload(&body);
            self.producer.send(record, WITHIN).await.unwrap();
        }
    }

    pub(crate) fn source(&self) -> sources::Source {
        let entry = json!({ "kind": "kafka", "connection": "upstream", "topics": ["orders"] });
        // Short timeouts, so that a member that is gone is found to be gone.
        let extra = json!({ "bootstrap.servers": self.kafka.address(), "session.timeout.ms": 6000 }).to_string();
        let upstream = Some(Connection { extra: Some(extra.into()), ..Connection::default() });
        make(&entry, &Value::Null, Lender { upstream }.access()).unwrap()
    }

    /// The group of the source.
    pub(crate) async fn group(&self) -> String {
        let consumer: BaseConsumer = client(&self.kafka).create().unwrap();
        let found = tokio::task::spawn_blocking(move || {
            let groups = consumer.fetch_group_list(None, WITHIN).unwrap();
            groups.groups().iter().map(|group| group.name().to_owned()).find(|name| name.starts_with("trigger-host."))
        });
        found.await.unwrap().expect("the source has joined a group")
    }

    /// Committed offset by partition, where there is one.
    pub(crate) async fn committed(&self, group: &str) -> HashMap<i32, i64> {
        let consumer: BaseConsumer = client(&self.kafka).set("group.id", group).create().unwrap();
        let mut list = TopicPartitionList::new();
        list.add_partition_range(TOPIC, 0, PARTITIONS - 1);
        let committed =
            tokio::task::spawn_blocking(move || consumer.committed_offsets(list, WITHIN).unwrap()).await.unwrap();
        let offset = |offset| if let Offset::Offset(offset) = offset { Some(offset) } else { None };
        committed.elements().iter().filter_map(|one| Some((one.partition(), offset(one.offset())?))).collect()
    }

    /// How many messages each partition has.
    pub(crate) async fn ends(&self) -> HashMap<i32, i64> {
        let consumer: BaseConsumer = client(&self.kafka).create().unwrap();
        let ends = tokio::task::spawn_blocking(move || {
            (0..PARTITIONS).map(|at| (at, consumer.fetch_watermarks(TOPIC, at, WITHIN).unwrap().1)).collect()
        });
        ends.await.unwrap()
    }

    /// Waits until everything is committed.
    pub(crate) async fn all_committed(&self) {
        let (group, ends) = (self.group().await, self.ends().await);
        let done = async {
            loop {
                let committed = self.committed(&group).await;
                if ends.iter().all(|(at, end)| *end == 0 || committed.get(at) == Some(end)) {
                    break;
                }
            }
        };
        tokio::time::timeout(WITHIN, done).await.expect("all is committed within a minute");
    }
}

pub(crate) fn client(kafka: &Kafka) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", kafka.address());
    config
}
