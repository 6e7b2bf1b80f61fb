//! Long poll over a real socket, through the real broker.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response as Answer};
use axum::routing::{get, post};
use axum::{Json, Router};
use broker::{Broker, BrokerConfig, GrantParts, HttpGrant};
use parking_lot::Mutex;
use serde_json::{Value, json};
use sources::{Access, Exchange};
use stream_rules::{Failure, Verdict};
use streams::{Ended, Streams};
use tokio::sync::Notify;
use trigger_host_types::http::{Error, Request, Response};

use crate::scene::{Lender, make, next, settings, subscribe};

/// Ten raw events in batches of up to three; the cursor is how many are behind.
#[derive(Default)]
struct Upstream {
    acknowledged: Mutex<Vec<String>>,
    posted: Notify,
    /// Requests that are answered with 503 first.
    busy: AtomicUsize,
    queries: Mutex<Vec<String>>,
}

#[derive(serde::Deserialize)]
struct Asked {
    cursor: Option<usize>,
    kind: Option<String>,
}

async fn events(State(up): State<Arc<Upstream>>, Query(asked): Query<Asked>) -> Answer {
    if up.busy.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    up.queries.lock().push(format!("{:?} {:?}", asked.cursor, asked.kind));
    let stored = up.acknowledged.lock().last().and_then(|cursor| cursor.parse().ok());
    let from = asked.cursor.or(stored).unwrap_or(0);
    if from >= 10 {
        std::future::pending::<()>().await; // A long poll with nothing to say.
    }
    let to = (from + 3).min(10);
    let batch: Vec<Value> = (from..to).map(|number| json!({ "number": number })).collect();
    Json(json!({ "events": batch, "cursor": to })).into_response()
}

async fn acknowledge(State(up): State<Arc<Upstream>>, Json(body): Json<Value>) {
    up.acknowledged.lock().push(body["cursor"].as_str().unwrap().to_owned());
    up.posted.notify_one();
}

/// The broker with the grant of an entry, as the host makes it.
struct Through(Broker, Vec<HttpGrant>);

#[async_trait]
impl Exchange for Through {
    async fn send(&self, request: Request) -> Result<Response, Error> {
        self.0.send(&self.1, request).await
    }
}

fn access(entry: &Value) -> Access {
    let reach = settings(entry).reach().unwrap();
    let parts = GrantParts {
        origin: reach.origin,
        methods: reach.methods,
        paths: Some(reach.paths),
        private: reach.private,
        timeout: Some(reach.timeout),
        ..GrantParts::default()
    };
    let through = Through(Broker::new(BrokerConfig::default()).unwrap(), vec![HttpGrant::new(parts).unwrap()]);
    Access { exchange: Arc::new(through), ..Lender::default().access() }
}

async fn serve(up: Arc<Upstream>) -> String {
    let routes = Router::new().route("/events", get(events)).route("/done", post(acknowledge)).with_state(up);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    format!("http://{address}")
}

fn entry(base: &str) -> Value {
    json!({ "kind": "http", "url": format!("{base}/events?kind=a"), "acknowledge": format!("{base}/done"), "private": true,
        "parameters": ["region"] })
}

async fn acknowledged(up: &Upstream, cursor: &str) {
    while up.acknowledged.lock().last().map(String::as_str) != Some(cursor) {
        up.posted.notified().await;
    }
}

#[tokio::test]
async fn batches_are_read_and_acknowledged_by_their_cursor() {
    let up = Arc::new(Upstream { busy: AtomicUsize::new(1), ..Upstream::default() });
    let entry = entry(&serve(up.clone()).await);
    let streams = Streams::start();
    let of =
        subscribe(&streams, 1, make(&entry, &json!({ "query": { "region": "eu" } }), access(&entry)).unwrap()).await;
    let mut numbers = Vec::new();
    while numbers.len() < 5 {
        let seen = next(&of, 1).await;
        numbers.extend(seen.iter().map(|event| event["number"].as_u64().unwrap()));
        of.verdicts(vec![Verdict::Skip]).await.unwrap();
    }
    assert_eq!(numbers, [0, 1, 2, 3, 4]);
    // Five are settled: the cursor of the first batch, and not of the second.
    acknowledged(&up, "3").await;
    drop(of);
    streams.stop().await;
    assert!(up.acknowledged.lock().iter().all(|cursor| cursor == "3"), "{:?}", up.acknowledged.lock());
    assert!(up.queries.lock().iter().all(|query| query.ends_with("Some(\"a\")")));

    // The next group goes on from what was acknowledged.
    let streams = Streams::start();
    let of = subscribe(&streams, 1, make(&entry, &Value::Null, access(&entry)).unwrap()).await;
    let mut rest = Vec::new();
    while rest.len() < 7 {
        let seen = next(&of, 10).await;
        rest.extend(seen.iter().map(|event| event["number"].as_u64().unwrap()));
        of.verdicts(seen.iter().map(|_| Verdict::Skip).collect()).await.unwrap();
    }
    assert_eq!(rest, [3, 4, 5, 6, 7, 8, 9]);
    acknowledged(&up, "10").await;
    drop(of);
    streams.stop().await;
}

#[tokio::test]
async fn a_rewind_goes_back_into_a_batch() {
    let up = Arc::new(Upstream::default());
    let entry = entry(&serve(up).await);
    let source = make(&entry, &Value::Null, access(&entry)).unwrap();
    let mut reader = source.producer.open().await.unwrap();
    let mut given = Vec::new();
    while given.len() < 10 {
        given.extend(reader.read(100).await.unwrap().events);
    }
    let lane = given[0].lane.clone();
    // The reader is inside a request that never ends.
    let (read, rewound) = tokio::join!(reader.read(100), source.producer.rewind(&lane, &given[4].payload));
    rewound.unwrap();
    let again = read.unwrap().events;
    assert_eq!(again[0].payload, given[4].payload);
    assert_eq!(again[0].data, given[4].data);
    assert!(source.producer.rewind(&lane, &"nothing".into()).await.is_err());
}

#[tokio::test]
async fn a_wrong_answer_ends_the_group_and_says_why() {
    let streams = Streams::start();
    for (body, why) in [
        ("no json", "not JSON"),
        ("{}", "`/events` of the answer is not an array"),
        (r#"{"events": [1]}"#, "no new cursor"),
        (r#"{"events": [], "cursor": [1]}"#, "neither a text nor an integer"),
    ] {
        let routes = Router::new().route("/events", get(move || async move { body }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let entry = json!({ "kind": "http", "url": format!("http://{address}/events"), "private": true });
        let of = subscribe(&streams, 1, make(&entry, &Value::Null, access(&entry)).unwrap()).await;
        let Err(Ended::Failed(Failure::PollFailed(what))) = of.next(1).await else { panic!("{body}: it was read") };
        assert!(what.contains(why), "{what}");
        drop(of);
    }
    streams.stop().await;
}

#[tokio::test]
async fn a_trigger_adds_only_what_it_may() {
    let entry =
        json!({ "kind": "http", "url": "http://127.0.0.1:1/events", "private": true, "parameters": ["region"] });
    for parameters in
        [json!({ "query": { "cursor": "0" } }), json!({ "url": "http://other" }), json!({ "query": { "a": "b" } })]
    {
        assert!(make(&entry, &parameters, Lender::default().access()).is_err(), "{parameters}");
    }
    for wrong in [
        json!({ "kind": "http", "url": "ftp://x/" }),
        json!({ "kind": "http", "url": "http://user:canary@x/" }),
        json!({ "kind": "http", "url": "http://x/", "acknowledge": "http://y/" }),
        json!({ "kind": "http", "url": "http://x/", "cursor": "cursor" }),
    ] {
        let error = make(&wrong, &Value::Null, Lender::default().access()).err().unwrap().to_string();
        assert!(!error.contains("canary"), "{error}");
    }
}
