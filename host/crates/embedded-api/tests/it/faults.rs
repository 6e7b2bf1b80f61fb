//! Trouble on demand: what the client sees and what the database holds.

use std::time::Duration;

use embedded_api::{Endpoint, Fault, Rule};
use serde_json::{Value, json};

use crate::harness::Server;

async fn with_trigger() -> (Server, String) {
    let server = Server::start(|_| {}).await;
    let id = server.defer(json!([{"classpath": "a.A", "kind": "asset"}])).await[0];
    (server, format!("/execution/triggers/{id}/event"))
}

async fn stored(server: &Server) -> usize {
    server.get("/dev/events").await["events"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_lost_answer_leaves_the_effect() {
    let (server, path) = with_trigger().await;
    server.handle.faults().set(0, vec![Rule::nth(Endpoint::Event, 2, Fault::LoseAnswer)]);
    let send =
        async || server.try_call("POST", &path, &[], Some(r#"{"payload": 1}"#)).await.map(|answer| answer.status);
    assert_eq!(send().await, Some(204));
    assert_eq!(send().await, None);
    assert_eq!(send().await, Some(204));
    assert_eq!(stored(&server).await, 3);
}

#[tokio::test]
async fn a_lost_request_leaves_nothing() {
    let (server, path) = with_trigger().await;
    server.handle.faults().set(0, vec![Rule::nth(Endpoint::Event, 1, Fault::LoseRequest)]);
    assert!(server.try_call("POST", &path, &[], Some(r#"{"payload": 1}"#)).await.is_none());
    assert_eq!(stored(&server).await, 0);
}

#[tokio::test]
async fn an_outage_closes_everything_but_the_tools_until_it_ends() {
    let (server, path) = with_trigger().await;
    server.handle.faults().set(0, vec![Rule::outage(Some(Duration::from_secs(5)))]);
    assert!(server.try_call("GET", "/execution/health", &[], None).await.is_none());
    assert!(server.try_call("POST", &path, &[], Some("{}")).await.is_none());
    assert_eq!(server.get("/dev/waiting").await["waiting"], 1);
    server.real.advance_to(crate::harness::START + 5_000);
    assert_eq!(server.get("/execution/health").await, json!({"status": "healthy"}));
}

#[tokio::test]
async fn rules_are_set_shown_and_lifted_over_http() {
    let (server, path) = with_trigger().await;
    let rules = json!({"seed": 7, "rules": [
        {"endpoint": "event", "fault": "status", "status": 503, "times": 1},
        {"endpoint": "event", "fault": "latency", "milliseconds": 1},
    ]});
    assert_eq!(server.post("/dev/faults", rules).await.status, 204);
    assert_eq!(server.post(&path, json!({})).await.status, 503);
    assert_eq!(server.post(&path, json!({})).await.status, 204);
    let shown = server.get("/dev/faults").await;
    assert_eq!((&shown["rules"][0]["hits"], &shown["rules"][1]["hits"]), (&json!(1), &json!(1)));
    assert_eq!(shown["rules"][0]["rule"], json!({"endpoint": "event", "fault": "status", "status": 503, "times": 1}));
    assert_eq!(server.call("DELETE", "/dev/faults", Value::Null).await.status, 204);
    assert_eq!(server.get("/dev/faults").await, json!({"rules": []}));
    assert_eq!(stored(&server).await, 1);

    let wrong = server.post("/dev/faults", json!({"rules": [{"fault": "status", "status": 200}]})).await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.body.contains("rule 1: `status` needs a `status` of 400 to 599"), "{}", wrong.body);
}
