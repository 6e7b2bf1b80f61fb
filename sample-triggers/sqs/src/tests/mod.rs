//! The queue with a real server behind the host's own broker, which signs: `cargo xtask broker-test` runs these.

mod group;

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use broker::{Broker, BrokerConfig, GrantParts, HttpGrant, Mask};
use trigger_host_sdk::fake::{FakeUpstream, SentRequest, with_network};
use trigger_host_sdk::http::{Error, Response};
use trigger_host_sdk::serde_json::{self, Value, json};
use trigger_host_sdk::{Duration, Received};
use trigger_host_types::http::{Error as HostError, Request as HostRequest};
use trigger_host_types::{ConnId, Connection, ConnectionError, Connections};
use upstreams::Sqs;

use crate::{Sqs as Upstream, api};

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

/// A queue of a server, and the parameters of a stream that reads it.
#[derive(Clone)]
struct Queue {
    network: Network,
    parameters: Value,
}

impl Queue {
    fn at(server: &Sqs) -> Self {
        let parameters = json!({ "queue_url": server.url(), "connection": "aws", "wait": 0, "visibility": 30 });
        Self { network: network(server), parameters }
    }

    fn with(&self, parameters: &Value) -> Self {
        let mut all = self.parameters.clone();
        all.as_object_mut().unwrap().extend(parameters.as_object().unwrap().clone());
        Self { network: self.network.clone(), parameters: all }
    }

    /// Makes another queue at the same server.
    fn create(&self, name: &str, parameters: &Value) -> Self {
        let attributes = if name.ends_with(".fifo") { json!({ "FifoQueue": "true" }) } else { json!({}) };
        let made = ask(self, "CreateQueue", &json!({ "QueueName": name, "Attributes": attributes }));
        self.with(&json!({ "queue_url": made["QueueUrl"] })).with(parameters)
    }

    fn url(&self) -> &str {
        self.parameters["queue_url"].as_str().unwrap()
    }

    fn upstream(&self) -> FakeUpstream<Upstream> {
        let network = self.network.clone();
        FakeUpstream::new(self.parameters.clone()).answered_by(move |sent| network(sent))
    }
}

/// One call of a test's own, signed like every other.
fn ask(queue: &Queue, action: &str, body: &Value) -> Value {
    let (upstream, network): (Upstream, _) =
        (serde_json::from_value(queue.parameters.clone()).unwrap(), queue.network.clone());
    let call = || api::read(action, upstream.call(action, body, Duration::ZERO).send()).unwrap();
    with_network(move |sent| network(sent), call)
}

fn send(queue: &Queue, bodies: &[&str], group: Option<&str>) {
    for (at, body) in bodies.iter().enumerate() {
        let mut message = json!({ "QueueUrl": queue.url(), "MessageBody": body,
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

fn all(queue: &Queue) -> Vec<Received> {
    let mut upstream = queue.upstream();
    std::iter::repeat_with(|| upstream.read(10).unwrap()).take_while(|some| !some.is_empty()).flatten().collect()
}

/// How many accepted, rejected and failed each of these. All of it gets done.
fn settle(queue: &Queue, settled: &[(&Received, u32, u32, u32)]) {
    let one = |&(received, accepted, rejected, failed): &(&'_ Received, u32, u32, u32)| {
        (received.receipt.clone(), accepted, rejected, failed)
    };
    let settled: Vec<(Vec<u8>, u32, u32, u32)> = settled.iter().map(one).collect();
    let settled: Vec<(&[u8], u32, u32, u32)> = settled
        .iter()
        .map(|(receipt, accepted, rejected, failed)| (&**receipt, *accepted, *rejected, *failed))
        .collect();
    assert_eq!(queue.upstream().advance(&settled).unwrap(), []);
}

/// Messages of a queue: visible ones, and hidden ones.
fn counts(queue: &Queue) -> (u64, u64) {
    let names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
    let answer = ask(queue, "GetQueueAttributes", &json!({ "QueueUrl": queue.url(), "AttributeNames": names }));
    let [visible, hidden] = names.map(|name| answer["Attributes"][name].as_str().unwrap().parse().unwrap());
    (visible, hidden)
}

#[test]
#[ignore = "takes an SQS server: cargo xtask broker-test"]
fn each_message_ends_as_its_subscribers_say() {
    let server = Sqs::start().unwrap();
    let dead = Queue::at(&server).create("dead", &json!({}));
    let queue = Queue::at(&server).create("orders", &json!({ "dead_letter_queue_url": dead.url() }));
    let bodies: Vec<String> = (0..25).map(|number| json!({ "number": number }).to_string()).collect();
    send(&queue, &bodies.iter().map(String::as_str).collect::<Vec<_>>(), None);
    send(&queue, &["not { json"], None);
    let received = all(&queue);
    let lanes: BTreeSet<&[u8]> = received.iter().map(|one| &*one.lane).collect();
    assert_eq!((received.len(), lanes.len()), (26, 26), "no message waits for another");
    let bad = received.iter().find(|one| data(one)["text"] == "not { json").unwrap();
    assert_eq!(data(bad)["attributes"], json!({ "kind": "order" }));
    let good: Vec<&Received> = received.iter().filter(|one| *one != bad).collect();

    let mut settled: Vec<(&Received, u32, u32, u32)> = good[1..].iter().map(|one| (*one, 3, 0, 0)).collect();
    settled.extend([(good[0], 2, 0, 1), (bad, 2, 1, 0)]);
    settle(&queue, &settled);
    assert_eq!(counts(&queue), (1, 0), "the one that was failed is there again, the others are gone");
    // An advance is repeated when its answer was lost.
    settle(&queue, &settled[..24]);
    let again = all(&queue);
    assert_eq!(again[0].data, good[0].data, "it is the same raw event");
    settle(&queue, &[(&again[0], 3, 0, 0)]);
    assert_eq!(counts(&queue), (0, 0));
    let letters = all(&dead);
    assert_eq!(letters.iter().map(|letter| data(letter)["text"].clone()).collect::<Vec<_>>(), ["not { json"]);
    assert_eq!(data(&letters[0])["attributes"], json!({ "kind": "order" }));
}

#[test]
#[ignore = "takes an SQS server: cargo xtask broker-test"]
fn without_dead_letters_a_rejected_message_is_left_to_the_queue() {
    let server = Sqs::start().unwrap();
    let dead = Queue::at(&server).create("dead", &json!({}));
    let queue = Queue::at(&server).create("orders", &json!({ "visibility": 1 }));
    let names = json!(["QueueArn"]);
    let dead_letters = ask(&dead, "GetQueueAttributes", &json!({ "QueueUrl": dead.url(), "AttributeNames": names }));
    let policy = json!({ "deadLetterTargetArn": dead_letters["Attributes"]["QueueArn"], "maxReceiveCount": "2" });
    let attributes = json!({ "RedrivePolicy": policy.to_string() });
    ask(&queue, "SetQueueAttributes", &json!({ "QueueUrl": queue.url(), "Attributes": attributes }));
    send(&queue, &["not { json"], None);
    let mut times = 0;
    while counts(&dead) == (0, 0) {
        for one in queue.upstream().read(10).unwrap() {
            settle(&queue, &[(&one, 0, 1, 0)]);
            times += 1;
        }
    }
    assert_eq!((times, counts(&queue)), (2, (0, 0)));
}

#[test]
#[ignore = "takes an SQS server: cargo xtask broker-test"]
fn a_message_group_is_a_lane() {
    let server = Sqs::start().unwrap();
    let queue = Queue::at(&server).create("orders.fifo", &json!({}));
    for group in ["a", "b"] {
        let bodies = (0..4).map(|number| json!({ "number": number }).to_string()).collect::<Vec<_>>();
        send(&queue, &bodies.iter().map(String::as_str).collect::<Vec<_>>(), Some(group));
    }
    let received = all(&queue);
    for group in ["a", "b"] {
        let lane: Vec<Received> = received.iter().filter(|one| one.lane == group.as_bytes()).cloned().collect();
        assert_eq!(numbers(&lane), [0, 1, 2, 3], "in order");
        settle(&queue, &lane.iter().map(|one| (one, 1, 0, 0)).collect::<Vec<_>>());
    }
    assert_eq!(counts(&queue), (0, 0));
}

/// A message that is extended stays hidden; one that was settled meanwhile does no harm.
#[test]
#[ignore = "takes an SQS server: cargo xtask broker-test"]
fn slow_messages_stay_hidden() {
    let server = Sqs::start().unwrap();
    let queue = Queue::at(&server).create("slow", &json!({ "visibility": 2 }));
    send(&queue, &[r#"{"number": 0}"#, r#"{"number": 1}"#], None);
    let received = all(&queue);
    settle(&queue, &[(&received[1], 1, 0, 0)]);
    let receipts: Vec<&[u8]> = received.iter().map(|one| &*one.receipt).collect();
    // Of the server's own time, longer than a message is hidden.
    let began = std::time::Instant::now();
    while began.elapsed() < std::time::Duration::from_secs(5) {
        queue.upstream().extend(&receipts, Duration::from_secs(2)).unwrap();
        assert!(queue.upstream().read(10).unwrap().is_empty(), "it was not seen again");
    }
    // Nobody asks any more.
    let mut other = queue.upstream();
    let again = std::iter::repeat_with(|| other.read(10).unwrap()).find(|some| !some.is_empty()).unwrap();
    assert_eq!(again[0].data, received[0].data);
}

#[test]
#[ignore = "takes an SQS server: cargo xtask broker-test"]
fn what_sqs_refuses_is_an_error() {
    let server = Sqs::start().unwrap();
    let missing = json!({ "queue_url": format!("{}/123456789012/missing", server.url()) });
    let error = Queue::at(&server).with(&missing).upstream().read(10).unwrap_err();
    assert!(error.to_string().contains("QueueDoesNotExist"), "{error:?}");
    let error = Queue::at(&server).with(&json!({ "connection": "other" })).upstream().read(10).unwrap_err();
    assert!(error.to_string().contains("no http grant"), "{error:?}");
}
