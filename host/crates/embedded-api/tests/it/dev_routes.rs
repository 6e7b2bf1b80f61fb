//! The tools: what they refuse, and how they wait.

use serde_json::{Value, json};

use crate::harness::Server;

#[tokio::test]
async fn a_wrong_list_is_refused_whole_with_the_place_and_the_key() {
    let server = Server::start(|_| {}).await;
    let refused = server.post("/dev/defer", json!([{"classpath": "a.T"}, {"classpath": "a.T", "queu": "x"}])).await;
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("trigger 2 of the list (line 1, column "), "{}", refused.body);
    assert!(refused.body.contains("unknown field `queu`"), "{}", refused.body);
    assert_eq!(server.get("/dev/waiting").await["waiting"], 0);
}

#[tokio::test]
async fn a_question_for_events_waits_for_the_next_one() {
    let server = Server::start(|_| {}).await;
    let id = server.defer(json!([{"classpath": "a.T"}])).await[0];
    let ask = server.get("/dev/events?after=0&wait=60");
    let fire = async {
        tokio::task::yield_now().await;
        server.event(id, json!({"n": 1})).await
    };
    let (events, _) = tokio::join!(ask, fire);
    assert_eq!(events["events"][0]["payload"], json!({"n": 1}));
    assert_eq!(events["events"][0]["sequence"], 1);
    assert_eq!(server.get("/dev/events?after=1").await, json!({"events": []}));
    assert_eq!(server.call("GET", "/dev/events?wait=61", Value::Null).await.status, 400);
    assert_eq!(server.call("GET", "/dev/events?afterr=1", Value::Null).await.status, 400);
}

/// A stop ends a long question at once, not after its minute.
#[tokio::test]
async fn a_stop_ends_waiting_questions() {
    let mut server = Server::start(|_| {}).await;
    let address = server.address;
    let ask = tokio::spawn(async move { crate::harness::call(address, "GET", "/dev/events?wait=60", &[], None).await });
    // The question is known to be there once the server has answered another one after it.
    server.get("/dev/waiting").await;
    server.stop();
    (&mut server.served).await.unwrap();
    // It was answered, or its connection was not yet taken.
    if let Some(answer) = ask.await.unwrap_or(None) {
        assert_eq!(answer.json(), json!({"events": []}));
    }
}

#[tokio::test]
async fn failures_and_odd_payloads_are_shown() {
    let server = Server::start(|_| {}).await;
    let ids = server.defer(json!([{"classpath": "a.T"}, {"classpath": "a.T"}])).await;
    let path = format!("/execution/triggers/{}/event", ids[0]);
    server.try_call("POST", &path, &[], Some(r#"{"payload": [NaN]}"#)).await.unwrap();
    server.post(&format!("/execution/triggers/{}/failure", ids[1]), json!({"error": ["a\n", "b\n"]})).await;
    let events = server.get("/dev/events").await["events"].clone();
    assert_eq!((&events[0]["payload_text"], events[0].get("payload")), (&json!("[NaN]"), None));
    assert_eq!((&events[1]["what"], &events[1]["lines"]), (&json!("failure"), &json!(["a\n", "b\n"])));
    assert_eq!(server.task("trigger-1").await["next_kwargs_text"], "{\"event\": [NaN]}");
}

#[tokio::test]
async fn connections_and_variables_come_and_go() {
    let server = Server::start(|_| {}).await;
    let put = server.call("PUT", "/dev/connections/c", json!({"conn_type": "http", "password": "s"})).await;
    assert_eq!(put.status, 204);
    assert_eq!(server.get("/execution/connections/c").await["password"], "s");
    assert_eq!(server.call("PUT", "/dev/connections/c", json!({"conn_type": "http", "hots": "x"})).await.status, 400);
    assert_eq!(server.call("PUT", "/dev/variables/a/b", json!({"value": "v"})).await.status, 204);
    assert_eq!(server.get("/execution/variables/a/b").await, json!({"key": "a/b", "value": "v"}));
    for path in ["/dev/connections/c", "/dev/variables/a/b"] {
        assert_eq!(server.call("DELETE", path, Value::Null).await.status, 204);
        assert_eq!(server.call("DELETE", path, Value::Null).await.status, 404);
    }
}

#[tokio::test]
async fn an_asset_watcher_goes_with_its_dag() {
    let server = Server::start(|_| {}).await;
    let id = server.defer(json!([{"classpath": "a.A", "kind": "asset", "assets": {"in": "s3://in"}}])).await[0];
    let job = server.register().await;
    assert_eq!(server.load(job, 1).await, [id]);
    let workloads = server.post("/execution/triggers/workloads", json!({"trigger_ids": [id]})).await.json();
    assert_eq!(workloads["workloads"][0]["watched_assets"], json!({"in": "s3://in"}));
    assert_eq!(server.call("DELETE", "/dev/triggers/1", Value::Null).await.status, 204);
    assert_eq!(server.load(job, 1).await, [0_i64; 0]);
    assert_eq!(server.get("/dev/jobs").await["jobs"][0]["triggers"], 0);
}

#[tokio::test]
async fn a_web_page_reaches_nothing_that_wants_no_token() {
    let origin = [("origin", "http://evil.example")];
    let server = Server::start(|_| {}).await;
    for path in ["/dev/waiting", "/execution/health"] {
        assert_eq!(server.try_call("GET", path, &origin, None).await.unwrap().status, 403, "{path}");
    }
    let guarded = Server::start(crate::recorded::airflow).await;
    assert_eq!(guarded.try_call("GET", "/dev/waiting", &origin, None).await.unwrap().status, 403);
    assert_eq!(guarded.try_call("GET", "/execution/health", &origin, None).await.unwrap().status, 200);
}
