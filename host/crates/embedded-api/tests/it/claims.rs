//! Assignment: what was measured on Airflow's own function, and what no two hosts may ever share.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::Server;
use crate::recorded::fixture;

async fn holders(server: &Server, names: &[&str]) -> Value {
    let triggers = server.get("/dev/triggers").await;
    let holder = |(row, name): (&Value, &&str)| ((*name).to_owned(), row["holder"]["job_id"].clone());
    triggers["triggers"].as_array().unwrap().iter().zip(names).map(holder).collect::<serde_json::Map<_, _>>().into()
}

#[tokio::test]
async fn assigns_as_measured() {
    let probe = fixture("assignment_probe.json");
    let names = ["FileDeleteTrigger#1", "FileTrigger#2", "FileTrigger#3", "CallbackTrigger#4"];
    let server = Server::start(|_| {}).await;
    server.defer(json!([{"classpath": "a.A", "kind": "asset"}, {"classpath": "a.T"}, {"classpath": "a.T"}, {"kind": "callback", "classpath": "a.C"}])).await;
    let (first, second) = (server.register().await, server.register().await);
    assert_eq!((first, second), (1, 2));
    server.load(first, 1_000).await;
    assert_eq!(holders(&server, &names).await, probe["before"]);
    assert_eq!(server.load(second, 1_000).await, [4]);
    assert_eq!(holders(&server, &names).await, probe["second_loads_while_first_alive"]);

    server.real.advance_to(server.real_now() + 31_000);
    server.post(&format!("/execution/jobs/{second}/heartbeat"), Value::Null).await;
    server.load(second, 1_000).await;
    assert_eq!(holders(&server, &names).await, probe["second_loads_after_first_silent_31s"]);
    assert_eq!(server.load(first, 1).await, [4]);
    assert_eq!(holders(&server, &names).await, probe["silent_first_loads_again_with_capacity_1"]);
}

impl Server {
    fn real_now(&self) -> u64 {
        trigger_host_types::Clock::now(&*self.real)
    }
}

#[tokio::test]
async fn at_most_fifty_of_a_class_and_never_above_capacity() {
    let server = Server::start(|_| {}).await;
    let rows: Vec<Value> = (0..120).map(|_| json!({"classpath": "a.T"})).collect();
    server.defer(rows.into()).await;
    let job = server.register().await;
    assert_eq!(server.load(job, 1_000).await.len(), 50);
    assert_eq!(server.load(job, 1_000).await.len(), 100);
    assert_eq!(server.load(job, 110).await.len(), 110);
    assert_eq!(server.load(job, 0).await.len(), 110);
}

#[tokio::test]
async fn heavier_then_older_first_and_callbacks_before_tasks_before_assets() {
    let server = Server::start(|_| {}).await;
    server
        .defer(json!([
            {"classpath": "a.A", "kind": "asset"},
            {"classpath": "a.T", "priority_weight": 1},
            {"classpath": "a.T", "priority_weight": 9},
            {"classpath": "a.C", "kind": "callback"},
        ]))
        .await;
    let job = server.register().await;
    let mut order = Vec::new();
    let mut known = BTreeSet::new();
    // The callback, once held, still uses up a claim of every call, so each step asks for room for one more beside it.
    for capacity in [1, 3, 4, 5] {
        for id in server.load(job, capacity).await {
            if known.insert(id) {
                order.push(id);
            }
        }
    }
    assert_eq!(order, [4, 3, 2, 1]);
}

#[tokio::test]
async fn queues_and_teams_keep_apart() {
    let server = Server::start(|_| {}).await;
    server
        .defer(json!([
            {"classpath": "a.T"}, {"classpath": "a.T", "queue": "wasm"}, {"classpath": "a.T", "queue": "other"},
            {"classpath": "a.T", "team": "red"},
        ]))
        .await;
    let job = server.register().await;
    assert_eq!(server.load(job, 10).await, [1]);
    assert_eq!(server.load_with(job, 10, json!({"queues": ["wasm"]})).await, [2]);
    assert_eq!(server.load_with(job, 10, json!({"queues": ["wasm", "other"]})).await, [2, 3]);
    assert_eq!(server.load_with(job, 10, json!({"team_name": "red"})).await, [4]);
    assert_eq!(server.load_with(job, 10, json!({"queues": []})).await, [1]);
}

#[tokio::test]
async fn a_completed_job_frees_its_triggers_and_a_beat_takes_it_back_to_life() {
    let server = Server::start(|_| {}).await;
    server.defer(json!([{"classpath": "a.T"}])).await;
    let (first, second) = (server.register().await, server.register().await);
    assert_eq!(server.load(first, 10).await, [1]);
    server.post(&format!("/execution/jobs/{first}/complete"), Value::Null).await;
    server.post(&format!("/execution/jobs/{first}/heartbeat"), Value::Null).await;
    assert_eq!(server.load(second, 10).await, [0_i64; 0]);
    server.post(&format!("/execution/jobs/{first}/complete"), Value::Null).await;
    assert_eq!(server.load(second, 10).await, [1]);
    assert_eq!(server.load(first, 10).await, [0_i64; 0]);
}

/// A jump of the triggers' clock is no silence of the host.
#[tokio::test]
async fn a_virtual_jump_kills_no_host() {
    let server = Server::start(|_| {}).await;
    server.defer(json!([{"classpath": "a.T"}])).await;
    let (first, second) = (server.register().await, server.register().await);
    assert_eq!(server.load(first, 10).await, [1]);
    server.clock.advance_to(server.real_now() + 86_400_000);
    assert_eq!(server.load(second, 10).await, [0_i64; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_claim_at_once_share_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dev.db");
    let server = Server::start(|config| config.database = embedded_api::Database::File(path)).await;
    let rows: Vec<Value> = (0..600).map(|_| json!({"classpath": "a.T"})).collect();
    server.defer(rows.into()).await;
    let jobs = [server.register().await, server.register().await, server.register().await];
    let claim = async |job: i64| {
        let mut seen = BTreeSet::new();
        for _ in 0..8 {
            seen.extend(server.load(job, 1_000).await);
        }
        seen
    };
    let (one, two, three) = tokio::join!(claim(jobs[0]), claim(jobs[1]), claim(jobs[2]));
    assert!(one.is_disjoint(&two) && two.is_disjoint(&three) && one.is_disjoint(&three));
    assert_eq!(one.len() + two.len() + three.len(), 600);
}

/// 100,000 rows cost a claim no more than a few: measured in rows looked at by the plan test; here, that it works at
/// all and in time.
#[tokio::test]
async fn loads_among_a_hundred_thousand() {
    let server = Server::start(|config| config.claims_per_class = 100_000).await;
    let rows: Vec<_> = (0..100_000).map(|_| embedded_api::Defer::new("a.T", "{}")).collect();
    assert_eq!(server.handle.defer(rows).await.unwrap().len(), 100_000);
    let job = server.register().await;
    let load = server.load(job, 100_000);
    assert_eq!(tokio::time::timeout(Duration::from_secs(30), load).await.unwrap().len(), 100_000);
    assert_eq!(server.handle.waiting().await.unwrap(), 100_000);
}

#[tokio::test]
async fn an_id_comes_back_only_where_that_is_asked_for() {
    for reuse in [false, true] {
        let server = Server::start(|config| config.reuse_ids = reuse).await;
        let first = server.defer(json!([{"classpath": "a.T"}])).await[0];
        server.event(first, json!(1)).await;
        server.post("/execution/triggers/cleanup", Value::Null).await;
        let second = server.defer(json!([{"classpath": "a.T"}])).await[0];
        assert_eq!(first == second, reuse);
    }
}
