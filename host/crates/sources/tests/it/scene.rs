//! What every test of a source needs: a table, an access that lends little, and a subscriber.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use matching::Match;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sources::{Access, Exchange, Keys, Kind, Settings, Source, SourceRefused, Wanted};
use stream_rules::{Policy, StreamKey};
use streams::{Streams, Subscribe, Subscription};
use trigger_host_types::http::{Error, Request, Response};
use trigger_host_types::{ConnId, Connection, ConnectionError, Connections, TriggerId};

/// Knows one connection, `upstream`, or none.
#[derive(Default)]
pub(crate) struct Lender {
    pub(crate) upstream: Option<Connection>,
}

#[async_trait]
impl Connections for Lender {
    async fn connection(&self, id: &ConnId) -> Result<Connection, ConnectionError> {
        self.upstream.clone().filter(|_| id.as_str() == "upstream").ok_or_else(|| ConnectionError::Unknown(id.clone()))
    }
}

#[async_trait]
impl Exchange for Lender {
    async fn send(&self, _request: Request) -> Result<Response, Error> {
        Err(Error::NotGranted("no http here".into()))
    }
}

impl Lender {
    pub(crate) fn access(self) -> Access {
        let lender = Arc::new(self);
        Access { connections: lender.clone(), exchange: lender }
    }
}

pub(crate) fn key() -> StreamKey {
    StreamKey::of_class("demo.Watcher".into(), "k")
}

/// An entry as JSON.
struct Entry(Value);

impl Keys for Entry {
    fn read<T: DeserializeOwned>(&mut self) -> Option<T> {
        Some(serde_json::from_value(self.0.take()).unwrap())
    }
}

/// What an entry says.
pub(crate) fn settings(entry: &Value) -> Settings {
    let mut keys = entry.clone();
    let name = keys.as_object_mut().unwrap().remove("kind").unwrap();
    let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == name).unwrap();
    kind.read(&mut Entry(keys)).unwrap()
}

/// Makes the source `it` of this entry.
pub(crate) fn make(entry: &Value, parameters: &Value, access: Access) -> Result<Source, SourceRefused> {
    settings(entry).make(Wanted { source: "it", parameters, key: &key() }, access)
}

pub(crate) async fn subscribe(streams: &Streams, trigger: i64, source: Source) -> Subscription {
    let subscribe = Subscribe {
        trigger: TriggerId(trigger),
        key: key(),
        wanted: Match::default(),
        mode: source.mode,
        policy: Policy { grace: Duration::ZERO, ..Policy::safe() },
        producer: source.producer,
        cohort: vec![],
    };
    streams.subscribe(subscribe).await.unwrap()
}

/// Waits for at least one raw event; they are JSON.
pub(crate) async fn next(subscription: &Subscription, max: usize) -> Vec<Value> {
    let batch = tokio::time::timeout(Duration::from_secs(60), subscription.next(max)).await;
    let batch = batch.expect("there is something within a minute").unwrap();
    batch.iter().map(|event| serde_json::from_slice(&event.data).unwrap()).collect()
}
