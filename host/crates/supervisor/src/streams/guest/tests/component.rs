//! Real components in the sandbox: the sample for SQS behind the broker that signs, and a guest that misbehaves.

use broker::{BrokerConfig, GrantParts, Mask};
use sandbox::{Allowed, Config, Interface, Sandbox};
use serde_json::{Value, json};
use trigger_host_types::{ConnId, Connection, ConnectionError, Connections, SystemClock};

use super::queue::Queue;
use super::*;

/// One connection of type `aws`.
struct Keys(String);

#[async_trait]
impl Connections for Keys {
    async fn connection(&self, _: &ConnId) -> Result<Connection, ConnectionError> {
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

/// The guest of this name, with a grant for this origin, if any.
async fn upstream(guest: &str, origin: Option<&str>, parameters: &Value) -> GuestUpstream {
    let sandbox = Sandbox::start(Config { slots: 4, ..Config::new(Arc::new(SystemClock)) }).unwrap();
    let wasm = std::fs::read(guest_build::component(guest)).unwrap();
    let allowed = Allowed::NONE.with(Interface::Http, origin.is_some());
    let grant = |origin: &str| {
        let parts = GrantParts {
            origin: origin.to_owned(),
            methods: vec!["POST".into()],
            connection: Some("aws".into()),
            private: true,
            ..GrantParts::default()
        };
        HttpGrant::new(parts).unwrap()
    };
    let broker = Broker::new(BrokerConfig::default()).unwrap();
    let component = sandbox.load(guest, &wasm, &allowed).await.unwrap();
    let sandbox::Component::Producer(producer) = component else { panic!("{guest} is a {}", component.world()) };
    GuestUpstream::new(GuestParts {
        source: "orders".into(),
        producer,
        parameters: parameters.to_string(),
        limits: Arc::new(Limits { cpu: Duration::from_millis(100), ..Limits::default() }),
        http: origin.into_iter().map(grant).collect(),
        broker: broker.lending(Arc::new(Keys(origin.unwrap_or_default().to_owned())), Mask::default()),
        clock: Arc::new(SystemClock),
    })
}

fn settled(raw: &stream_rules::Raw, outcome: Outcome) -> Advance {
    Advance { lane: raw.lane.clone(), items: [AdvanceItem { payload: raw.payload.clone(), outcome }].into() }
}

fn accepted() -> Outcome {
    advance(&["a"]).items[0].outcome
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_is_read_kept_and_settled_over_http() {
    let queue = Queue::start(&[r#"{"number": 0}"#, "malformed", r#"{"number": 2}"#]).await;
    let parameters = json!({
        "queue_url": format!("{}/1/orders", queue.url), "dead_letter_queue_url": format!("{}/1/dead", queue.url),
        "connection": "aws", "visibility": 1,
    });
    let upstream = upstream("sqs", Some(&queue.url), &parameters).await;
    let read = upstream.open().await.unwrap().read(100).await.unwrap();
    let data: Vec<Value> = read.events.iter().map(|raw| serde_json::from_slice(&raw.data).unwrap()).collect();
    assert_eq!(data[0], json!({ "message_id": "m0", "value": { "number": 0 } }));
    assert_eq!(data[1], json!({ "message_id": "m1", "text": "malformed" }));
    assert_eq!(queue.asked(1).await[0], "ChangeMessageVisibilityBatch h01 h11 h21");

    let mut rejected = accepted();
    rejected.rejected = 1;
    let outcomes = [accepted(), rejected, Outcome::default()];
    let advances: Vec<Advance> = read.events.iter().zip(outcomes).map(|(raw, of)| settled(raw, of)).collect();
    assert_eq!(upstream.advance_many(&advances).await, [Ok(()), Ok(()), Ok(())]);
    upstream.close().await.unwrap();
    let mut asked = queue.asked(3).await;
    asked.retain(|asked| asked != "ChangeMessageVisibilityBatch h01 h11 h21");
    assert_eq!(asked, ["ChangeMessageVisibilityBatch h20", "DeleteMessageBatch h0 h1", "SendMessageBatch malformed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_misbehaves_harms_its_own_stream_alone() {
    for (read, code) in [("hang", "cpu"), ("trap", "trap"), ("too-many", "bad-answer")] {
        let upstream = upstream("upstream", None, &json!({ "read": read })).await;
        let reason = upstream.shared.guest.read(None, Demand { most: 4, wait_ms: 10 }).await.unwrap_err();
        assert_eq!(reason.code(), code, "{reason}");
    }
    // The same receipts for all messages: each is a raw event, and each is settled.
    let twice = upstream("upstream", None, &json!({ "read": "twice" })).await;
    let events = twice.open().await.unwrap().read(3).await.unwrap().events;
    assert_eq!((events.len(), &events[0].payload), (3, &events[2].payload));
    let all: Vec<Advance> = events.iter().map(|raw| settled(raw, accepted())).collect();
    assert_eq!(twice.advance_many(&all).await, [Ok(()), Ok(()), Ok(())]);
    // An acker whose indices are nonsense: nothing counts as done.
    let beyond = upstream("upstream", None, &json!({ "advance": "beyond" })).await;
    let error = beyond.advance_many(&all).await.pop().unwrap().unwrap_err();
    assert!(!error.fatal && error.what.contains("reports message 3 as unfinished, in a batch of 3"), "{error:?}");
}
