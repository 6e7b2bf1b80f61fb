//! The scheduler's part: time-outs, people, clean-up, and the steps that watchers receive.

use serde_json::{Value, json};
use trigger_host_types::step::{Effect, StepKind};
use trigger_host_types::{ClassPath, TriggerId, TriggerKind};

use crate::harness::{START, Server};

#[tokio::test]
async fn a_timeout_fails_the_task_and_cuts_the_link() {
    let server = Server::start(|_| {}).await;
    let ids = server.defer(json!([{"classpath": "a.T", "timeout_after": 60}, {"classpath": "a.T", "timeout_after": "2026-11-20T13:00:00Z"}])).await;
    let job = server.register().await;
    server.load(job, 10).await;
    let workloads = server.post("/execution/triggers/workloads", json!({"trigger_ids": ids})).await.json();
    assert_eq!(workloads["workloads"][0]["timeout_after"], "2026-11-20T12:04:00Z");

    server.clock.advance_to(START + 60_000);
    assert_eq!(server.handle.waiting().await.unwrap(), 2, "a time-out passes after its time, not at it");
    server.clock.advance_to(START + 60_001);
    assert_eq!(server.handle.waiting().await.unwrap(), 1);
    let task = server.task("trigger-1").await;
    assert_eq!((&task["state"], &task["next_method"]), (&json!("scheduled"), &json!("__fail__")));
    assert_eq!(task["next_kwargs"], json!({"error": "Trigger timeout"}));

    // An event that comes too late changes nothing; the id leaves the list with the next clean-up.
    assert_eq!(server.event(ids[0], json!("late")).await, 204);
    assert_eq!(server.task("trigger-1").await["next_kwargs"], json!({"error": "Trigger timeout"}));
    assert_eq!(server.load(job, 10).await, ids);
    server.post("/execution/triggers/cleanup", Value::Null).await;
    assert_eq!(server.load(job, 10).await, [ids[1]]);
}

/// Nobody calls; the server itself looks.
#[tokio::test]
async fn a_timeout_passes_also_when_nobody_calls() {
    let server = Server::start(|_| {}).await;
    let id = server.defer(json!([{"classpath": "a.T", "timeout_after": 60}])).await[0];
    let mut steps = server.handle.subscribe();
    server.clock.advance_to(START + 61_000);
    let step = steps.recv().await.unwrap();
    assert_eq!((step.trigger, step.what), (TriggerId(id), StepKind::TimedOut { sequence: 1 }));
}

#[tokio::test]
async fn a_cleared_task_takes_its_trigger_from_the_list() {
    let server = Server::start(|_| {}).await;
    let task = |task: &str| json!({"dag_id": "d", "run_id": "r", "task_id": task});
    let ids = server
        .defer(json!([{"classpath": "a.T", "task": task("one")}, {"classpath": "a.T", "task": task("two")}]))
        .await;
    let job = server.register().await;
    server.load(job, 10).await;
    let cut = server.post("/dev/tasks/clear", task("one")).await.json();
    assert_eq!(cut, json!({"trigger_id": ids[0]}));
    assert_eq!(server.load(job, 10).await, [ids[1]]);

    // Without clean-up it stays listed, without a workload, until some host cleans up.
    let mut marked = task("two");
    marked["state"] = "success".into();
    marked["cleanup"] = false.into();
    server.post("/dev/tasks/state", marked).await;
    assert_eq!(server.load(job, 10).await, [ids[1]]);
    let workloads = server.post("/execution/triggers/workloads", json!({"trigger_ids": ids})).await.json();
    assert_eq!(workloads, json!({"workloads": []}));
    let states = server.get("/execution/task-instances/states?dag_id=d").await;
    assert_eq!(states, json!({"task_states": {"r": {"one": null, "two": "success"}}}));
    server.post("/execution/triggers/cleanup", Value::Null).await;
    assert_eq!(server.load(job, 10).await, [0_i64; 0]);
}

#[tokio::test]
async fn waiting_counts_tasks_callbacks_and_watchers_without_an_event() {
    let server = Server::start(|_| {}).await;
    server.defer(json!([{"classpath": "a.T"}, {"classpath": "a.A", "kind": "asset"}, {"classpath": "a.C", "kind": "callback"}])).await;
    let waiting = async || server.get("/dev/waiting").await;
    assert_eq!(waiting().await, json!({"waiting": 3, "tasks": 1, "callbacks": 1, "assets": 1}));
    server.event(1, json!(null)).await;
    server.event(2, json!("x")).await;
    server.event(3, json!({"state": "running"})).await;
    assert_eq!(waiting().await["waiting"], 1);
    server.event(3, json!({"state": "success"})).await;
    assert_eq!(waiting().await["waiting"], 0);
}

#[tokio::test]
async fn a_task_may_defer_again_but_not_twice_at_once() {
    let server = Server::start(|_| {}).await;
    let defer = json!([{"classpath": "a.T", "task": {"dag_id": "d", "run_id": "r", "task_id": "t"}}]);
    let first = server.defer(defer.clone()).await[0];
    let refused = server.post("/dev/defer", defer.clone()).await;
    assert_eq!(refused.status, 409);
    assert!(refused.body.contains("`d/r/t/-1` is already deferred by trigger 1"), "{}", refused.body);
    // All or none: what stood before the refused one in its list is not there either.
    let list = json!([{"classpath": "a.T"}, defer[0]]);
    assert_eq!(server.post("/dev/defer", list).await.status, 409);
    assert_eq!(server.get("/dev/triggers").await["triggers"].as_array().unwrap().len(), 1);
    let task = server.task("t").await["id"].clone();
    server.event(first, json!(1)).await;
    server.defer(defer).await;
    let again = server.task("t").await;
    assert_eq!((&again["id"], &again["state"], &again["next_kwargs"]), (&task, &json!("deferred"), &json!({})));
}

#[tokio::test]
async fn watchers_hear_what_is_stored() {
    let server = Server::start(|_| {}).await;
    let mut steps = server.handle.subscribe();
    let ids = server
        .handle
        .defer(embedded_api::Defer::list(r#"[{"classpath": "a.T"}, {"classpath": "a.T"}]"#).unwrap())
        .await
        .unwrap();
    server.event(ids[0].0, json!({"n": 1})).await;
    server.post(&format!("/execution/triggers/{}/failure", ids[1]), json!({"error": ["boom\n"]})).await;
    server.post("/execution/triggers/cleanup", Value::Null).await;
    let mut heard = Vec::new();
    for _ in 0..6 {
        heard.push(steps.recv().await.unwrap());
    }
    assert_eq!(heard[0].classpath.as_ref().map(ClassPath::as_str), Some("a.T"));
    assert_eq!(heard[0].what, StepKind::Deferred { kind: TriggerKind::Task });
    let fired = StepKind::EventStored { sequence: 1, payload: "{\"n\":1}".to_owned(), effect: Effect::Resumed };
    assert_eq!((heard[2].trigger, &heard[2].what), (ids[0], &fired));
    let failed =
        StepKind::FailureStored { sequence: 2, lines: Some(vec!["boom\n".to_owned()]), effect: Effect::Failed };
    assert_eq!((heard[3].trigger, &heard[3].what), (ids[1], &failed));
    assert_eq!((&heard[4].what, &heard[5].what), (&StepKind::Deleted, &StepKind::Deleted));
}
