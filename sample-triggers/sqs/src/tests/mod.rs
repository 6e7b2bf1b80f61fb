//! The queue with a real server behind the host's own broker, which signs: `cargo xtask broker-test` runs these.

mod group;

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use broker::{Broker, BrokerConfig, GrantParts, HttpGrant, Mask};
use trigger_host_sdk::fake::{SentRequest, with_network};
use trigger_host_sdk::http::{Error, Response};
use trigger_host_sdk::serde_json::{self, Value, json};
use trigger_host_sdk::{DateTime, Duration};
use trigger_host_types::http::{Error as HostError, Request as HostRequest};
use trigger_host_types::{ConnId, Connection, ConnectionError, Connections};
use upstreams::Sqs;

use crate::{Acker, Queue, Reader, Received, Settled, api};

/// One connection of type `aws`, for one endpoint.
struct Keys(String);

#[async_trait]
impl Connections for Keys {
    async fn connection(&self, _id: &ConnId) -> Result<Connection, ConnectionError> {
        let extra = json!({ "region_name": "eu-west-1", "endpoint_url": self.0 }).to_string();
        Ok(Connection {
            conn_type: "aws".into(),
            login: Some("AKIDEXAMPLE".into()),
            password: Some("canary-secret".into()),
            extra: Some(extra.into()),
            ..Connection::default()
        })
    }
}

/// What a guest's requests go through.
type Network = Arc<dyn Fn(SentRequest) -> Result<Response, Error> + Send + Sync>;

/// The broker with a grant for one server, on a runtime of its own.
fn network(server: &Sqs) -> Network {
    let parts = GrantParts {
        origin: server.url(),
        methods: vec!["POST".into()],
        paths: Some(vec!["/".into()]),
        connection: Some("aws".into()),
        private: true,
        timeout: Some(std::time::Duration::from_secs(60)),
        ..GrantParts::default()
    };
    let grants = vec![HttpGrant::new(parts).unwrap()];
    let broker = Broker::new(BrokerConfig::default()).unwrap();
    let broker = broker.lending(Arc::new(Keys(server.url())), Mask::default());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    Arc::new(move |sent: SentRequest| {
        assert!(!sent.headers.iter().any(|(name, _)| name == "authorization"), "the host signs, not the guest");
        let request = HostRequest {
            method: sent.method,
            url: sent.url,
            headers: sent.headers,
            body: Some(sent.body),
            connection: sent.connection.map(ConnId::from),
            timeout: None,
        };
        match runtime.block_on(broker.send(&grants, request)) {
            Ok(answer) => Ok(Response { status: answer.status, headers: answer.headers, body: answer.body }),
            Err(HostError::Unreachable(what)) => Err(Error::Unreachable(what)),
            Err(error) => Err(Error::Other(error.to_string())),
        }
    })
}

/// Runs `call` with the requests of the guest going through the broker to a server of its own.
fn with_server<T>(call: impl FnOnce(&str) -> T) -> T {
    let server = Sqs::start().unwrap();
    let network = network(&server);
    with_network(move |sent| network(sent), || call(&server.url()))
}

/// One call of a test's own, signed like every other.
fn ask(queue: &Queue, action: &str, body: &Value) -> Value {
    api::read(action, queue.call(action, body).send()).unwrap()
}

fn queue(url: &str, kwargs: &Value) -> Queue {
    let mut all = json!({ "queue_url": url, "connection": "aws", "wait": 0, "visibility": 30 });
    all.as_object_mut().unwrap().extend(kwargs.as_object().unwrap().clone());
    serde_json::from_value(all).unwrap()
}

/// Makes a queue at the server, and the settings to read it with.
fn create(server: &str, name: &str, kwargs: &Value) -> Queue {
    let at = queue(server, &json!({}));
    let attributes = if name.ends_with(".fifo") { json!({ "FifoQueue": "true" }) } else { json!({}) };
    let made = ask(&at, "CreateQueue", &json!({ "QueueName": name, "Attributes": attributes }));
    queue(made["QueueUrl"].as_str().unwrap(), kwargs)
}

fn send(queue: &Queue, bodies: &[&str], group: Option<&str>) {
    for (at, body) in bodies.iter().enumerate() {
        let mut message = json!({ "QueueUrl": queue.queue_url, "MessageBody": body,
            "MessageAttributes": { "kind": { "DataType": "String", "StringValue": "order" } } });
        if let Some(group) = group {
            message["MessageGroupId"] = group.into();
            message["MessageDeduplicationId"] = format!("{group}-{at}").into();
        }
        ask(queue, "SendMessage", &message);
    }
}

fn data(received: &Received) -> Value {
    serde_json::from_slice(&received.data).unwrap()
}

/// Numbers in the bodies, in order.
fn numbers(received: &[Received]) -> Vec<u64> {
    received.iter().map(|one| data(one)["value"]["number"].as_u64().unwrap()).collect()
}

fn settled(received: &Received, acked: u32, failed: u32, rejected: u32) -> Settled {
    Settled { payload: received.payload.clone(), acked, failed, rejected }
}

fn all(reader: &mut Reader, now: DateTime) -> Vec<Received> {
    let mut all = Vec::new();
    loop {
        let some = reader.next(10, now).unwrap();
        if some.is_empty() {
            return all;
        }
        all.extend(some);
    }
}

fn now() -> DateTime {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

/// Messages of a queue: visible ones, and hidden ones.
fn counts(queue: &Queue) -> (u64, u64) {
    let names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
    let answer = ask(queue, "GetQueueAttributes", &json!({ "QueueUrl": queue.queue_url, "AttributeNames": names }));
    let [visible, hidden] = names.map(|name| answer["Attributes"][name].as_str().unwrap().parse().unwrap());
    (visible, hidden)
}

#[test]
#[ignore = "takes an SQS server: cargo xtask broker-test"]
fn each_message_ends_as_its_subscribers_say() {
    with_server(|server| {
        let dead = create(server, "dead", &json!({}));
        let queue = create(server, "orders", &json!({ "dead_letter_url": dead.queue_url }));
        let bodies: Vec<String> = (0..25).map(|number| json!({ "number": number }).to_string()).collect();
        send(&queue, &bodies.iter().map(String::as_str).collect::<Vec<_>>(), None);
        send(&queue, &["not { json"], None);
        let (mut reader, mut acker) = (Reader::new(queue.clone()), Acker::new(queue.clone()));
        let received = all(&mut reader, now());
        assert_eq!((received.len(), reader.open()), (26, 26));
        let lanes: BTreeSet<&str> = received.iter().map(|one| one.lane.as_str()).collect();
        assert_eq!(lanes.len(), 3, "what came together is one lane");
        let bad = received.iter().find(|one| data(one)["text"] == "not { json").unwrap();
        assert_eq!(data(bad)["attributes"], json!({ "kind": "order" }));
        let good: Vec<&Received> = received.iter().filter(|one| *one != bad).collect();

        let mut items: Vec<Settled> = good[1..].iter().map(|one| settled(one, 3, 0, 0)).collect();
        items.push(settled(good[0], 2, 1, 0));
        items.push(settled(bad, 2, 0, 1));
        for _ in 0..2 {
            // An advance is repeated when its answer was lost.
            acker.advance(&items).unwrap();
        }
        assert_eq!(counts(&queue), (1, 0), "the one that was failed is there again, the others are gone");
        let again = all(&mut reader, now());
        assert_eq!(again[0].data, good[0].data, "it is the same raw event");
        acker.advance(&[settled(&again[0], 3, 0, 0)]).unwrap();
        assert_eq!(counts(&queue), (0, 0));
        let letters = all(&mut Reader::new(dead), now());
        assert_eq!(letters.iter().map(|letter| data(letter)["text"].clone()).collect::<Vec<_>>(), ["not { json"]);
        assert_eq!(data(&letters[0])["attributes"], json!({ "kind": "order" }));
    });
}

#[test]
#[ignore = "takes an SQS server: cargo xtask broker-test"]
fn a_message_group_is_a_lane() {
    with_server(|server| {
        let queue = create(server, "orders.fifo", &json!({}));
        for group in ["a", "b"] {
            let bodies = (0..4).map(|number| json!({ "number": number }).to_string()).collect::<Vec<_>>();
            send(&queue, &bodies.iter().map(String::as_str).collect::<Vec<_>>(), Some(group));
        }
        let (mut reader, mut acker) = (Reader::new(queue.clone()), Acker::new(queue.clone()));
        let received = all(&mut reader, now());
        for group in ["a", "b"] {
            let lane: Vec<Received> = received.iter().filter(|one| one.lane == group).cloned().collect();
            assert_eq!(numbers(&lane), [0, 1, 2, 3], "in order");
            acker.advance(&lane.iter().map(|one| settled(one, 1, 0, 0)).collect::<Vec<_>>()).unwrap();
        }
        assert_eq!(counts(&queue), (0, 0));
    });
}

/// A message that takes long stays hidden; one that is settled is forgotten.
#[test]
#[ignore = "takes an SQS server: cargo xtask broker-test"]
fn slow_messages_stay_hidden() {
    with_server(|server| {
        let queue = create(server, "slow", &json!({ "visibility": 2 }));
        send(&queue, &[r#"{"number": 0}"#, r#"{"number": 1}"#], None);
        let (mut reader, mut acker) = (Reader::new(queue.clone()), Acker::new(queue.clone()));
        let received = all(&mut reader, now());
        acker.advance(&[settled(&received[1], 1, 0, 0)]).unwrap();
        // Asked for more every second of the server's own time, for longer than a message is hidden.
        let began = std::time::Instant::now();
        let mut later = now();
        while began.elapsed() < std::time::Duration::from_secs(5) {
            later = later + Duration::from_millis(1_001);
            assert!(reader.next(10, later).unwrap().is_empty(), "it was not seen again");
            assert!(reader.open() >= 1);
        }
        assert_eq!(reader.open(), 1, "the settled one is forgotten");
        // Nobody asks any more.
        let mut other = Reader::new(queue);
        let again = std::iter::repeat_with(|| other.next(10, later).unwrap()).find(|some| !some.is_empty()).unwrap();
        assert_eq!(again[0].data, received[0].data);
    });
}

#[test]
#[ignore = "takes an SQS server: cargo xtask broker-test"]
fn what_sqs_refuses_is_an_error() {
    with_server(|server| {
        let missing = queue(&format!("{server}/123456789012/missing"), &json!({}));
        let error = Reader::new(missing).next(10, now()).unwrap_err();
        assert!(!error.passes && error.what.contains("QueueDoesNotExist"), "{error:?}");
        let other = Queue { connection: "other".into(), ..queue(server, &json!({})) };
        let error = Reader::new(other).next(10, now()).unwrap_err();
        assert!(!error.passes && error.what.contains("no http grant"), "{error:?}");
    });
}
