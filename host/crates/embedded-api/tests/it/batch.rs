//! Several events in one request: each stands alone, a repeated request does nothing twice, trouble meets one or all.

use embedded_api::{Endpoint, Fault, Rule};
use serde_json::{Value, json};

use crate::harness::{Answer, Server};

async fn send(server: &Server, events: Value) -> Answer {
    server.post("/execution/triggers/events", json!({ "events": events })).await
}

fn statuses(answer: &Answer) -> Vec<i64> {
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["answers"].as_array().unwrap().iter().map(|answer| answer["status"].as_i64().unwrap()).collect()
}

fn event(trigger: i64, payload: Value, key: &str) -> Value {
    json!({"trigger_id": trigger, "payload": payload, "idempotency_key": key})
}

async fn stored(server: &Server) -> Vec<Value> {
    let events = server.get("/dev/events").await["events"].clone();
    events.as_array().unwrap().iter().map(|event| event["payload"].clone()).collect()
}

#[tokio::test]
async fn each_event_has_an_answer_and_the_effect_of_a_single_one() {
    let server = Server::start(|_| {}).await;
    let task = |task: &str| json!({"classpath": "a.T", "task": {"dag_id": "d", "run_id": "r", "task_id": task}});
    let asset = json!({"classpath": "a.A", "kind": "asset"});
    let ids = server.defer(json!([task("resumed"), task("ended"), asset])).await;
    let ended =
        json!({"trigger_id": ids[1], "payload": "done", "kind": "task-success", "xcoms": {"return_value": [1]}});
    let answer = send(
        &server,
        json!([
            event(ids[0], json!({"n": 1}), "a"),
            ended,
            event(ids[2], json!(1), "b"),
            event(ids[2], json!(2), "c"),
            event(999, json!(0), "d")
        ]),
    )
    .await;
    assert_eq!(statuses(&answer), [204; 5]);
    assert_eq!(answer.json()["answers"][0], json!({"status": 204}));
    assert_eq!(server.task("resumed").await["next_kwargs"], json!({"event": {"n": 1}}));
    assert_eq!(server.task("ended").await["state"], "success");
    let pushed = server.get("/execution/xcoms/d/r/ended/return_value").await;
    assert_eq!(pushed["value"], json!([1]));
    assert_eq!(stored(&server).await, [json!({"n": 1}), json!("done"), json!(1), json!(2), json!(0)]);
}

#[tokio::test]
async fn one_that_fails_harms_no_other_but_holds_back_its_own_triggers_later_ones() {
    let server = Server::start(|_| {}).await;
    let asset = json!({"classpath": "a.A", "kind": "asset"});
    let ids = server.defer(json!([asset, asset])).await;
    let poison = json!({"__classname__": "evil.Thing"});
    let date = json!({"__classname__": "datetime.date", "__version__": 2, "__data__": "2026-01-01"});
    let answer = send(
        &server,
        json!([
            event(ids[0], json!(1), "a"),
            event(ids[0], poison, "b"),
            event(ids[1], json!(2), "c"),
            event(ids[0], json!(3), "d"),
            event(ids[1], date, "e"),
        ]),
    )
    .await;
    assert_eq!(statuses(&answer), [204, 500, 204, 424, 500]);
    assert_eq!(answer.json()["answers"][3]["detail"]["reason"], "earlier_event_failed");
    assert_eq!(answer.json()["answers"][4]["detail"]["reason"], "Database error");
    assert_eq!(stored(&server).await, [json!(1), json!(2)]);
}

#[tokio::test]
async fn a_batch_whose_answer_was_lost_is_repeated_without_effect() {
    let server = Server::start(|_| {}).await;
    let asset = json!({"classpath": "a.A", "kind": "asset"});
    let ids = server.defer(json!([asset, asset])).await;
    server.handle.faults().set(0, vec![Rule::nth(Endpoint::Events, 1, Fault::LoseAnswer)]);
    let batch = json!({"events": [event(ids[0], json!(1), "a"), event(ids[1], json!(1), "b")]});
    let body = batch.to_string();
    assert!(server.try_call("POST", "/execution/triggers/events", &[], Some(&body)).await.is_none());
    assert_eq!(statuses(&server.post("/execution/triggers/events", batch).await), [204, 204]);
    let events = server.get("/dev/events").await["events"].clone();
    let repetitions: Vec<_> = events.as_array().unwrap().iter().map(|event| event["repetitions"].clone()).collect();
    assert_eq!(repetitions, [1, 1]);
}

#[tokio::test]
async fn a_rule_about_events_meets_one_of_a_batch() {
    let server = Server::start(|_| {}).await;
    let asset = json!({"classpath": "a.A", "kind": "asset"});
    let ids = server.defer(json!([asset, asset])).await;
    let rule = json!({"rules": [{"endpoint": "event", "trigger": ids[0], "fault": "status", "status": 500}]});
    assert_eq!(server.post("/dev/faults", rule).await.status, 204);
    let answer = send(&server, json!([event(ids[0], json!(1), "a"), event(ids[1], json!(1), "b")])).await;
    assert_eq!(statuses(&answer), [500, 204]);
    assert_eq!(server.event(ids[0], json!(1)).await, 500, "and a single one");
    assert_eq!(server.get("/dev/faults").await["rules"][0]["hits"], 2);
    assert_eq!(stored(&server).await, [json!(1)]);
}

#[tokio::test]
async fn a_body_with_one_fault_is_refused_whole() {
    let server = Server::start(|_| {}).await;
    let id = server.defer(json!([{"classpath": "a.A", "kind": "asset"}])).await[0];
    let many: Vec<Value> = (0..501).map(|n| event(id, json!(n), &n.to_string())).collect();
    for (events, kind, place) in [
        (json!([]), "too_short", json!(["body", "events"])),
        (json!(many), "too_long", json!(["body", "events"])),
        (json!({}), "list_type", json!(["body", "events"])),
        (json!([event(id, json!(1), "a"), {"payload": 1}]), "missing", json!(["body", "events", 1, "trigger_id"])),
        (json!([{"trigger_id": id, "what": 1}]), "extra_forbidden", json!(["body", "events", 0, "what"])),
        (json!([{"trigger_id": id, "xcoms": {}}]), "extra_forbidden", json!(["body", "events", 0, "xcoms"])),
        (json!([{"trigger_id": id, "kind": "fire"}]), "literal_error", json!(["body", "events", 0, "kind"])),
        (json!([7]), "model_attributes_type", json!(["body", "events", 0])),
    ] {
        let answer = send(&server, events).await;
        assert_eq!(answer.status, 422, "{}", answer.body);
        let fault = answer.json()["detail"][0].clone();
        assert_eq!((&fault["type"], &fault["loc"]), (&json!(kind), &place));
    }
    assert!(stored(&server).await.is_empty());
    let bare = Server::start(|config| config.extensions = false).await;
    let answer = send(&bare, json!([event(id, json!(1), "a")])).await;
    assert_ne!(answer.status, 200);
}
