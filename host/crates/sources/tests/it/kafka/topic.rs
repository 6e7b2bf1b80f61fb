//! The topic of these tests, and the source that reads it.

use std::collections::HashMap;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use serde_json::{Value, json};
use trigger_host_types::Connection;
use upstreams::Topic;

use crate::scene::{Lender, make};

pub(crate) const TOPIC: &str = "orders";
pub(crate) const WITHIN: Duration = Duration::from_secs(60);

/// A broker with one topic, and what a test does to it.
pub(crate) struct Scene(Topic);

impl Deref for Scene {
    type Target = Topic;

    fn deref(&self) -> &Topic {
        &self.0
    }
}

impl DerefMut for Scene {
    fn deref_mut(&mut self) -> &mut Topic {
        &mut self.0
    }
}

impl Scene {
    pub(crate) async fn new() -> Self {
        Self(Topic::start(TOPIC, 12).await.unwrap())
    }

    /// Sends one message for each number, with that as its key.
    pub(crate) async fn produce(&self, numbers: std::ops::Range<u64>, body: impl Fn(u64) -> String) {
        self.0.produce(numbers, body).await.unwrap();
    }

    pub(crate) async fn produce_to(&self, partition: i32, count: u64) {
        for number in 0..count {
            self.0.produce_to(partition, &json!({ "number": number }).to_string()).await.unwrap();
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
        self.0.group("trigger-host.").await.unwrap()
    }

    /// Committed offset by partition, where there is one.
    pub(crate) async fn committed(&self, group: &str) -> HashMap<i32, i64> {
        self.0.committed(group).await.unwrap()
    }

    /// Waits until everything is committed.
    pub(crate) async fn all_committed(&self) {
        self.0.all_committed(&self.group().await).await.unwrap();
    }
}
