//! The extensions: checkpoints, idempotency keys, events that end a task, tokens of triggers. Batches have a file of
//! their own.

use embedded_api::{Auth, Secret};
use jsonwebtoken::Algorithm::HS512;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::harness::Server;
use crate::recorded::{SECRET, sign};

async fn held(server: &Server, triggers: Value) -> (i64, i64) {
    let id = server.defer(triggers).await[0];
    let job = server.register().await;
    server.load(job, 10).await;
    (id, job)
}

#[tokio::test]
async fn are_announced_and_can_be_switched_off() {
    let server = Server::start(|_| {}).await;
    let body = json!({"job_type": "TriggererJob", "hostname": "h"});
    let registered = server.post("/execution/jobs", body.clone()).await.json();
    assert_eq!(
        registered["extensions"],
        json!(["checkpoint", "event-batch", "event-kind", "idempotency-key", "runtime-token"])
    );

    let bare = Server::start(|config| config.extensions = false).await;
    assert_eq!(bare.post("/execution/jobs", body).await.json(), json!({"job_id": 1}));
    let body = json!({"job_id": 1, "position": 1, "value": null});
    assert_eq!(bare.call("PUT", "/execution/triggers/1/checkpoint", body).await.status, 404);
}

#[tokio::test]
async fn a_checkpoint_only_goes_forward_and_only_by_its_holder() {
    let server = Server::start(|_| {}).await;
    let (id, job) = held(&server, json!([{"classpath": "a.T"}])).await;
    let put = async |trigger: i64, job: i64, position: i64, value: Value| {
        let body = json!({"job_id": job, "position": position, "value": value});
        server.call("PUT", &format!("/execution/triggers/{trigger}/checkpoint"), body).await
    };
    let stored = async || {
        let body = json!({"trigger_ids": [id]});
        server.post("/execution/triggers/workloads", body).await.json()["workloads"][0]["checkpoint"].clone()
    };
    assert_eq!(stored().await, Value::Null);
    assert_eq!(put(id, job, 3, json!("{\"page\": 4}")).await.status, 204);
    assert_eq!(stored().await, json!({"position": 3, "value": "{\"page\": 4}"}));

    let stale = put(id, job, 3, json!("x")).await;
    assert_eq!((stale.status, stale.json()["detail"]["reason"].clone()), (409, json!("stale_position")));
    let other = put(id, job + 1, 4, json!("x")).await;
    assert_eq!((other.status, other.json()["detail"]["reason"].clone()), (409, json!("not_holder")));
    let missing = put(77, job, 4, json!("x")).await;
    assert_eq!((missing.status, missing.json()), (404, json!({"detail": "Trigger 77 not found"})));
    assert_eq!(stored().await["position"], 3);

    assert_eq!(put(id, job, 4, Value::Null).await.status, 204);
    assert_eq!(stored().await, json!({"position": 4, "value": null}));
}

#[tokio::test]
async fn a_repetition_is_dropped_and_counted() {
    let server = Server::start(|_| {}).await;
    let (id, job) = held(&server, json!([{"classpath": "a.A", "kind": "asset"}])).await;
    let path = format!("/execution/triggers/{id}/event");
    let send = async |key: Option<&str>, body: &str| {
        let headers: Vec<_> = key.map(|key| ("idempotency-key", key)).into_iter().collect();
        server.try_call("POST", &path, &headers, Some(body)).await.unwrap().status
    };
    for (key, body) in [
        (Some("k1"), r#"{"payload": {"a": 1, "b": 2}}"#),
        // The same in another spelling.
        (Some("k1"), r#"{"payload": {"b": 2, "a": 1}}"#),
        (Some("k1"), r#"{"payload": {"a": 1, "b": 2}}"#),
        // The same key with another payload, and other keys, are new events.
        (Some("k1"), r#"{"payload": {"a": 2}}"#),
        (Some("k2"), r#"{"payload": {"a": 1, "b": 2}}"#),
        (None, r#"{"payload": {"a": 1, "b": 2}}"#),
        (None, r#"{"payload": {"a": 1, "b": 2}}"#),
    ] {
        assert_eq!(send(key, body).await, 204);
    }
    let events = server.get("/dev/events").await["events"].clone();
    let repetitions: Vec<_> =
        events.as_array().unwrap().iter().map(|event| event["repetitions"].as_i64().unwrap()).collect();
    assert_eq!(repetitions, [2, 0, 0, 0, 0]);
    let first = &events[0];
    assert_eq!(
        (&first["trigger_id"], &first["job_id"], &first["payload"], &first["idempotency_key"], &first["effect"]),
        (&json!(id), &json!(job), &json!({"a": 1, "b": 2}), &json!("k1"), &json!("asset_event"))
    );
}

async fn end(server: &Server, id: i64, kind: &str, body: Value) -> u16 {
    let path = format!("/execution/triggers/{id}/event");
    let body = body.to_string();
    server.try_call("POST", &path, &[("trigger-event-kind", kind)], Some(&body)).await.unwrap().status
}

#[tokio::test]
async fn an_event_ends_a_task_and_pushes_its_xcoms() {
    let server = Server::start(|_| {}).await;
    let task = |task: &str, retries: u32| json!({"classpath": "a.T", "task": {"dag_id": "d", "run_id": "r", "task_id": task, "retries": retries}});
    let ids = server.defer(json!([task("ok", 0), task("bad", 0), task("again", 1), task("skip", 0)])).await;
    let xcoms = json!({"payload": "x", "xcoms": {"return_value": [1, 2]}});
    for (id, kind) in ids.iter().zip(["task-success", "task-failed", "task-failed", "task-skipped"]) {
        assert_eq!(end(&server, *id, kind, xcoms.clone()).await, 204);
    }
    for (task, state, pushed) in
        [("ok", "success", 200), ("bad", "failed", 200), ("again", "up_for_retry", 404), ("skip", "skipped", 200)]
    {
        let row = server.task(task).await;
        assert_eq!((&row["state"], &row["trigger_id"]), (&json!(state), &Value::Null), "{task}");
        let answer = server.call("GET", &format!("/execution/xcoms/d/r/{task}/return_value"), Value::Null).await;
        assert_eq!(answer.status, pushed, "{task}");
        if pushed == 200 {
            assert_eq!(answer.json(), json!({"key": "return_value", "value": [1, 2]}));
        }
    }
    assert_eq!(server.handle.waiting().await.unwrap(), 0);
}

#[tokio::test]
async fn only_an_ending_event_may_have_xcoms_and_only_known_kinds_pass() {
    let server = Server::start(|_| {}).await;
    let (id, _) = held(&server, json!([{"classpath": "a.T"}])).await;
    assert_eq!(end(&server, id, "fire", json!({"payload": 1, "xcoms": {}})).await, 422);
    assert_eq!(end(&server, id, "task-done", json!({"payload": 1})).await, 422);
    assert_eq!(server.handle.waiting().await.unwrap(), 1);
    assert_eq!(end(&server, id, "fire", json!({"payload": 1})).await, 204);
    assert_eq!(server.task("trigger-1").await["next_kwargs"], json!({"event": 1}));
}

#[tokio::test]
async fn a_trigger_gets_a_token_in_the_name_of_its_task() {
    for open in [true, false] {
        let secret = SecretString::from(SECRET);
        let auth = if open { Auth::Open } else { Auth::Secret(Secret::new(secret)) };
        let server = Server::start(|config| config.auth = auth).await;
        let start = (crate::harness::START / 1_000).cast_signed();
        let own = format!("Bearer {}", sign(json!({"iat": start, "nbf": start, "exp": start + 600}), SECRET, HS512));
        let call = async |method: &str, path: &str, token: &str, body: Value| {
            let (path, body) = (format!("/execution/{path}"), body.to_string());
            let body = Some(body.as_str()).filter(|body| *body != "null");
            server.try_call(method, &path, &[("authorization", token)], body).await.unwrap()
        };
        let ids = server.defer(json!([{"classpath": "a.T"}, {"classpath": "a.A", "kind": "asset"}])).await;
        let job = call("POST", "jobs", &own, json!({"job_type": "TriggererJob", "hostname": "h"})).await.json();
        let job = job["job_id"].as_i64().unwrap();
        let load = json!({"triggerer_id": job, "capacity": 9, "health_check_threshold": 30});
        assert_eq!(call("POST", "triggers/load", &own, load).await.status, 200);

        let path = |id: i64| format!("triggers/{id}/runtime-token");
        let given = call("POST", &path(ids[0]), &own, json!({"job_id": job})).await.json();
        assert_eq!(given["expires_in"], 600);
        let token = format!("Bearer {}", given["token"].as_str().unwrap());
        let ti = server.task("trigger-1").await["id"].as_str().unwrap().to_owned();
        let state = format!("store/ti/{ti}/k");
        assert_eq!(
            call("PUT", &state, &token, json!({"value": 1})).await.status,
            204,
            "a route bound to the task instance"
        );
        assert_eq!(
            call("GET", &state, &own, Value::Null).await.status,
            403,
            "which the host's own token does not reach"
        );

        let asset = call("POST", &path(ids[1]), &own, json!({"job_id": job})).await.json();
        let token = format!("Bearer {}", asset["token"].as_str().unwrap());
        assert_eq!(call("GET", &state, &token, Value::Null).await.status, 403);
        let other = call("POST", &path(ids[0]), &own, json!({"job_id": job + 1})).await;
        assert_eq!((other.status, &other.json()["detail"]["reason"]), (409, &json!("not_holder")));
        assert_eq!(call("POST", &path(77), &own, json!({"job_id": job})).await.status, 404);
        assert_eq!(call("POST", &path(ids[0]), &own, json!({})).await.status, 422);
    }
}
