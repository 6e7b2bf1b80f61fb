//! Who runs what: queues, capacity, class paths that nothing is mapped to.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::world::{Host, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_host_runs_the_triggers_of_its_queue() {
    let world = World::new().await;
    let trigger = |n: i64| {
        let queue = if n % 2 == 0 { "even" } else { "odd" };
        json!({"classpath": "demo.Wait", "kwargs": {"delta": 0}, "queue": queue})
    };
    let triggers: Vec<Value> = (0..20).map(trigger).collect();
    let ids = world.api.defer(&json!(triggers)).await;
    let hosts = ["even", "odd"].map(|queue| world.host(queue, &[("queues", json!([queue]))]));
    let events = world.api.events(20).await;
    let names: BTreeMap<i64, String> = world
        .api
        .hosts()
        .await
        .iter()
        .map(|host| (host["job_id"].as_i64().unwrap(), host["hostname"].as_str().unwrap().to_owned()))
        .collect();
    for event in &events {
        let n = ids.iter().position(|id| event["trigger_id"] == *id).unwrap();
        let expected = if n % 2 == 0 { "even" } else { "odd" };
        assert_eq!(names[&event["job_id"].as_i64().unwrap()], expected, "{event}");
    }
    drop(hosts);
}

/// How many triggers each host holds, by the API's word.
async fn held(world: &World) -> BTreeMap<String, u64> {
    let hosts = world.api.hosts().await;
    hosts.iter().map(|host| (host["hostname"].as_str().unwrap().into(), host["triggers"].as_u64().unwrap())).collect()
}

fn claimed(host: &Host) -> usize {
    host.steps().iter().filter(|(_, step)| step == "claimed").count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_holds_no_more_than_its_capacity() {
    let world = World::new().await;
    let mut triggers = vec![json!({"classpath": "demo.Wait", "kwargs": {"delta": 3_600}}); 12];
    triggers[0]["task"] = json!({"dag_id": "d", "run_id": "r", "task_id": "first"});
    let ids = world.api.defer(&json!(triggers)).await;
    let small = world.host("small", &[("capacity", json!(5))]);
    for id in &ids[..5] {
        small.step(*id, "polled", 1).await;
    }
    // The rest is free, and the small one has asked for more several times before another host takes it.
    let loads = world.record.of("/load").len();
    world.record.until("ten more questions", |record| record.of("/load").len() >= loads + 10).await;
    assert_eq!(held(&world).await, BTreeMap::from([("small".into(), 5)]));
    world.api.post("tasks/clear", &json!({"dag_id": "d", "run_id": "r", "task_id": "first"})).await;
    small.step(ids[5], "polled", 1).await;
    let large = world.host("large", &[]);
    large.step(ids[11], "polled", 1).await;
    assert_eq!(held(&world).await, BTreeMap::from([("small".into(), 5), ("large".into(), 6)]));
    assert_eq!((claimed(&small), claimed(&large)), (6, 6));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nothing_is_mapped_to_fails_or_is_held() {
    let world = World::new().await;
    let ids = world
        .api
        .defer(&json!([
            {"classpath": "other.Task", "kwargs": {}},
            {"classpath": "other.Watcher", "kwargs": {}, "kind": "asset", "assets": {"a": "file:///a"}},
            {"classpath": "demo.Wait", "kwargs": {"delta": 0}},
        ]))
        .await;
    let mut host = world.host("host", &[]);
    let events = world.api.events(2).await;
    let of = |id: i64| events.iter().find(|event| event["trigger_id"] == id);
    let failure = of(ids[0]).unwrap();
    assert_eq!(failure["what"], "failure");
    let lines = failure["lines"].to_string();
    assert!(lines.contains("`other.Task`") && lines.contains("[[trigger]]"), "{lines}");
    assert_eq!(of(ids[2]).unwrap()["what"], "event", "the honest one beside it");
    host.step(ids[1], "failed", 1).await;
    assert!(of(ids[1]).is_none());
    // The page is at most a moment old: asked until that moment has passed.
    let mut page = String::new();
    for _ in 0..10_000 {
        page = host.admin("health").await;
        if page.contains("held without a component 1") {
            break;
        }
    }
    assert!(page.contains("held without a component 1"), "{page}");
    host.drain().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_starts_from_its_trigger_is_rendered_or_fails_with_the_expression() {
    let world = World::new().await;
    let trigger = |task: &str, path: &str| {
        let fields = json!({"task_id": task, "template_fields": ["path"]});
        json!({
            "classpath": "test.Hostile", "kwargs": {"do": "echo", "path": path},
            "task": {"dag_id": "d", "run_id": "r", "task_id": task},
            "dag_data": {"dag": {"tasks": [{"__type": "operator", "__var": fields}]}},
            "dag_run_data": {"logical_date": "2026-03-04T05:06:07Z", "conf": {"k": "v"}},
        })
    };
    let triggers = [
        trigger("plain", "/{{ ds }}/{{ dag_run.conf['k'] }}/{{ ti.task_id }}"),
        trigger("macro", "/{{ macros.ds_add(ds, 1) }}"),
    ];
    let ids = world.api.defer(&json!(triggers)).await;
    // What started without a process that defers has nothing to wait for.
    let host = world.host("host", &[("first-event-after", json!("10m"))]);
    let events = world.api.until("the plain one", |events| events.iter().any(|event| event["what"] == "event")).await;
    let fired = events.iter().find(|event| event["trigger_id"] == ids[0]).unwrap();
    assert_eq!(fired["payload"]["kwargs"]["path"], "/2026-03-04/v/plain");
    let events = world.api.events(2).await;
    let failed = events.iter().find(|event| event["trigger_id"] == ids[1]).unwrap();
    assert_eq!(failed["what"], "failure");
    assert!(failed["lines"].to_string().contains("`{{ macros.ds_add(ds, 1) }}`"), "{failed}");
    assert_eq!(host.count(ids[1], "polled"), 0, "no guest sees template text");
}
