//! An API that is away, fails or loses its answers: nothing is lost, and no trigger is restarted for it.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::tap::Exchange;
use crate::world::World;

/// An outage in proportion: `length` is twice the threshold.
struct Outage {
    length: Duration,
    keys: Vec<(&'static str, Value)>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_of_twice_the_threshold_loses_nothing() {
    let keys = vec![("heartbeat-every", json!("300ms")), ("health-check-threshold", json!("3s"))];
    outage(Outage { length: Duration::from_secs(6), keys }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes more than a minute of real time"]
async fn an_outage_of_a_minute_loses_nothing() {
    let keys = vec![("heartbeat-every", json!("5s")), ("health-check-threshold", json!("30s"))];
    outage(Outage { length: Duration::from_secs(60), keys }).await;
}

async fn outage(outage: Outage) {
    let world = World::new().await;
    let seconds = outage.length.as_secs_f64();
    // Some wait for long, some are due in the middle of the outage, some jobs run on until after it.
    let millis = outage.length.as_millis() as u64 / 2;
    let mut triggers = Vec::new();
    for n in 0..10 {
        triggers.push(json!({"classpath": "demo.Wait", "kwargs": {"delta": 3_600}}));
        triggers.push(json!({"classpath": "demo.Wait", "kwargs": {"delta": seconds / 2.0}}));
        triggers.push(json!({"classpath": "demo.HttpJob", "kwargs": world.job(&json!({"n": n, "millis": millis}))}));
    }
    let ids = world.api.defer(&json!(triggers)).await;
    let host = world.host("host", &outage.keys);
    for id in &ids {
        host.step(*id, "polled", 1).await;
    }
    world.record.until("all jobs are submitted", |record| record.of("POST /v1/runs").len() == 10).await;
    let all_stored = |record: &crate::tap::Record| {
        let stored = record.of("/checkpoint").iter().filter(|one| one.accepted().is_some()).count();
        stored == 40
    };
    world.record.until("deadlines, keys and jobs are stored", all_stored).await;

    world.api.faults(&json!([{"fault": "lose-request", "seconds": seconds}])).await;
    let before = world.api.hosts().await;
    let events = world.api.events(20).await;

    let fired: BTreeSet<i64> = events.iter().map(|event| event["trigger_id"].as_i64().unwrap()).collect();
    let due: BTreeSet<i64> = ids.iter().enumerate().filter(|(n, _)| n % 3 != 0).map(|(_, id)| *id).collect();
    assert_eq!(fired, due);
    let stats = world.jobs.stats();
    assert_eq!((stats.started, stats.repeated), (10, 0), "{stats:?}");
    for (n, id) in ids.iter().enumerate() {
        assert_eq!(host.count(*id, "claimed"), 1, "trigger {id} keeps its host");
        if n % 3 == 0 {
            assert_eq!(host.count(*id, "polled"), 1, "trigger {id} is not called while it waits");
        }
    }
    // What has fired is the host's until somebody cleans up.
    let accepted = world.record.of("/event").iter().filter_map(Exchange::accepted).max().unwrap();
    let is_clean = |record: &crate::tap::Record| {
        record.of("/cleanup").iter().any(|one| one.asked > accepted && one.accepted().is_some())
    };
    world.record.until("the host cleans up", is_clean).await;
    let after = world.api.hosts().await;
    assert_eq!(after.len(), 1, "the host needs no second job: {after:?}");
    let beat = |hosts: &[Value]| hosts[0]["latest_heartbeat"].as_i64().unwrap();
    assert!(
        beat(&after) - beat(&before) >= outage.length.as_millis() as i64,
        "heartbeats resume: {before:?} {after:?}"
    );
    assert_eq!(after[0]["triggers"], 10, "those that wait are still its own");
}

/// Jobs and timers under faults that never end: each fires once, from one job, and is claimed once.
async fn under(rules: Value) -> World {
    let world = World::new().await;
    // A wait after an answer that was lost may be longer than the threshold of the other tests.
    let keys = [("heartbeat-every", json!("300ms")), ("health-check-threshold", json!("10s"))];
    let mut triggers = Vec::new();
    for n in 0..20 {
        triggers.push(json!({"classpath": "demo.Wait", "kwargs": {"delta": 0.5}}));
        triggers.push(json!({"classpath": "demo.HttpJob", "kwargs": world.job(&json!({"n": n}))}));
    }
    world.api.faults(&rules).await;
    let ids = world.api.defer(&json!(triggers)).await;
    let host = world.host("host", &keys);
    let events = world.api.events(ids.len()).await;
    let fired: BTreeSet<i64> = events.iter().map(|event| event["trigger_id"].as_i64().unwrap()).collect();
    assert_eq!(fired, ids.iter().copied().collect());
    assert!(events.iter().all(|event| event["what"] == "event"), "{events:?}");
    for id in &ids {
        host.step(*id, "finished", 1).await;
        assert_eq!(host.count(*id, "claimed"), 1, "trigger {id} is not restarted");
    }
    let stats = world.jobs.stats();
    assert_eq!((stats.started, stats.repeated), (20, 0), "{stats:?}");
    assert_eq!(world.api.record().await.len(), ids.len(), "nothing twice");
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_third_call_that_fails_costs_nothing_but_time() {
    under(json!([
        {"fault": "status", "status": 500, "probability": 0.1},
        {"fault": "status", "status": 502, "probability": 0.1},
        {"fault": "status", "status": 503, "probability": 0.12}
    ]))
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_are_lost_cost_nothing_but_time() {
    let world = under(json!([{"fault": "lose-answer", "probability": 0.3}])).await;
    let repeated: u64 = world.api.record().await.iter().map(|event| event["repetitions"].as_u64().unwrap()).sum();
    let sent = world.record.events().len() as u64;
    assert!(sent > 40, "some answers were lost, or this shows nothing");
    // What comes again after the task went on finds no trigger: then the answer is 404 and nothing is stored.
    assert!(repeated <= sent - 40, "{repeated} of {sent}");
}
