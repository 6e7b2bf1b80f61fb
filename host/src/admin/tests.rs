//! The admin port over a real socket: what it shows of a stream, and who may pause one.

use std::fs;

use axum::extract::connect_info::MockConnectInfo;
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;
use crate::upstreams::tests::folder_stream;

fn seen(streams: Option<Streams>, metrics: PrometheusHandle) -> Seen {
    Seen { health: watch::channel(None).1, streams: watch::channel(streams).1, metrics, masker: Masker::new() }
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// One exchange; `more`: header lines.
async fn ask(address: SocketAddr, request: &str, more: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let text =
        format!("{request} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n{more}content-length: {length}\r\n\r\n{body}");
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

const JSON: &str = "content-type: application/json\r\n";

#[tokio::test]
async fn a_stream_is_shown_counted_paused_and_resumed() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    // This test's runtime has one thread, so this is where the port's tasks count too.
    let _counting = metrics::set_default_local_recorder(&recorder);
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.csv"), "1,2").unwrap();
    let (streams, subscription) = folder_stream(folder.path()).await;
    subscription.next(1).await.unwrap();
    let (listener, address) = listen().await;
    tokio::spawn(serve(listener, seen(Some(streams), metrics), std::future::pending()));

    let (status, text) = ask(address, "GET /streams", "", "").await;
    let shown: Value = serde_json::from_str(&text).unwrap();
    let of = &shown["streams"][0];
    assert_eq!((status, &of["key"], &of["class"]), (200, &json!("k"), &json!("demo.Watch")));
    assert_eq!((&of["source"], &of["state"], &of["paused"]), (&json!("directory"), &json!("reading"), &json!(false)));
    let subscriber = json!({"trigger": 1, "queued": 0, "in_hand": 0, "unsettled": 0, "failed": false});
    assert_eq!(of["holds"]["subscribers"], json!({"total": 1, "worst": [subscriber]}));
    assert_eq!((&of["done"]["read"], &of["done"]["failed"]["timeout"]), (&json!(1), &json!(0)));

    let named = json!({"key": "k", "class": "demo.Watch"}).to_string();
    assert_eq!(ask(address, "POST /streams/pause", JSON, &named).await.0, 204);
    let (_, text) = ask(address, "GET /streams", "", "").await;
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["streams"][0]["paused"], true);
    let (_, text) = ask(address, "GET /metrics", "", "").await;
    for line in [
        "trigger_host_stream_raw_events_total{source=\"directory\"} 1",
        "trigger_host_stream_subscribers{source=\"directory\"} 1",
        "trigger_host_stream_failed_total{source=\"directory\",reason=\"never-delivered\"} 0",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    assert!(!text.contains("demo.Watch") && !text.contains("\"k\""), "no key: {text}");
    assert_eq!(ask(address, "POST /streams/resume", JSON, &named).await.0, 204);
    let (_, text) = ask(address, "GET /streams", "", "").await;
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["streams"][0]["paused"], false);
}

#[tokio::test]
async fn what_cannot_be_paused_is_told() {
    let (listener, address) = listen().await;
    let metrics = PrometheusBuilder::new().build_recorder().handle();
    tokio::spawn(serve(listener, seen(Some(Streams::start()), metrics.clone()), std::future::pending()));
    for (more, body, status, part) in [
        (JSON, r#"{"key": "k"}"#, 404, "no group"),
        (JSON, r#"{"name": "k"}"#, 422, "expected a JSON object"),
        (JSON, "{", 400, "expected a JSON object"),
        ("", r#"{"key": "k"}"#, 415, "expected a JSON object"),
        ("content-type: application/json\r\norigin: http://evil.example\r\n", r#"{"key": "k"}"#, 403, "web page"),
    ] {
        let (answered, text) = ask(address, "POST /streams/pause", more, body).await;
        assert!(answered == status && text.contains(part), "{more} {body}: {answered} {text}");
    }
    assert_eq!(ask(address, "GET /streams/pause", "", "").await.0, 405);
    let (listener, address) = listen().await;
    tokio::spawn(serve(listener, seen(None, metrics), std::future::pending()));
    assert_eq!(ask(address, "GET /streams", "", "").await, (503, STARTING.to_owned()));
}

#[tokio::test]
async fn only_this_machine_may_pause() {
    let (listener, address) = listen().await;
    let metrics = PrometheusBuilder::new().build_recorder().handle();
    let peer: SocketAddr = "192.0.2.7:1000".parse().unwrap();
    let routes = routes(seen(Some(Streams::start()), metrics)).layer(MockConnectInfo(peer));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let (status, text) = ask(address, "POST /streams/pause", JSON, r#"{"key": "k"}"#).await;
    assert!(status == 403 && text.contains("only from the host's own machine"), "{status} {text}");
    assert_eq!(ask(address, "GET /streams", "", "").await.0, 200);
}
