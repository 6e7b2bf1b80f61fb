//! Triggers that ask Airflow much, or at a bad time: the API is not flooded, nobody waits for a neighbour, and the host
//! goes on.

use serde_json::{Value, json};

use crate::asks::{DAG, RUN, airflow_requests, ask, error, world};
use crate::tap::Exchange;

/// Requests at once, of one class path and of all.
const OF_ONE: usize = 4;
const OF_ALL: usize = 8;

/// One question for each of many triggers of a class path.
fn many(classpath: &str, key: &str, count: usize) -> Vec<Value> {
    let task = |n| json!({"dag_id": DAG, "run_id": RUN, "task_id": format!("{key}{n}")});
    (0..count)
        .map(|n| json!({"classpath": classpath, "task": task(n), "kwargs": {"ask": [["variable", key]]}}))
        .collect()
}

/// The most of these that were under way together.
fn at_once(exchanges: &[Exchange]) -> usize {
    let asked = exchanges.iter().map(|one| (one.asked, true));
    let answered = exchanges.iter().map(|one| (one.answered.unwrap().0, false));
    let mut moments: Vec<(u64, bool)> = asked.chain(answered).collect();
    moments.sort_unstable();
    let count = |now: &mut usize, (_, begins): (u64, bool)| {
        *now = if begins { *now + 1 } else { *now - 1 };
        Some(*now)
    };
    moments.into_iter().scan(0, count).max().unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn few_ask_at_once_and_one_class_path_has_half_of_the_places() {
    let world = world().await;
    world.api.faults(&json!([{"endpoint": "runtime", "fault": "latency", "milliseconds": 100}])).await;
    let classes = [("test.Asker", "jobs_a"), ("test.Flood", "jobs_b"), ("test.Shut", "other")];
    let triggers: Vec<Value> = classes.iter().flat_map(|(classpath, key)| many(classpath, key, 16)).collect();
    world.api.defer(&json!(triggers)).await;
    let mut host = world.host("host", &[]);
    world.api.events(triggers.len()).await;
    host.drain().await;
    let all = world.record.of("/execution/variables/");
    assert_eq!(all.len(), triggers.len());
    assert_eq!(at_once(&all), OF_ALL);
    for (_, key) in classes {
        let of_class: Vec<Exchange> = all.iter().filter(|one| one.what.ends_with(key)).cloned().collect();
        assert!((1..=OF_ONE).contains(&at_once(&of_class)), "{key}: {}", at_once(&of_class));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heartbeats_and_other_triggers_do_not_wait_for_answers_that_do_not_come() {
    let world = world().await;
    world.api.faults(&json!([{"endpoint": "runtime", "fault": "latency", "milliseconds": 3_600_000}])).await;
    let crowd = many("test.Asker", "jobs_a", 5 * OF_ONE);
    world.api.defer(&json!(crowd)).await;
    let host = world.host("host", &[]);
    let asked = |record: &crate::tap::Record| record.of("/execution/variables/").len();
    world.record.until("as many ask as may", |record| asked(record) == OF_ONE).await;
    let beats = world.record.of("/heartbeat").len();
    let waits: Vec<Value> = (0..3).map(|_| json!({"classpath": "demo.Wait", "kwargs": {"delta": 0}})).collect();
    let ids = world.api.defer(&json!(waits)).await;
    let fired = |events: &[Value]| ids.iter().all(|id| events.iter().any(|event| event["trigger_id"] == *id));
    world.api.until("the others fire", fired).await;
    world.record.until("the host beats", |record| record.of("/heartbeat").len() >= beats + 3).await;
    assert!(asked(&world.record) < crowd.len(), "some of the crowd still wait for their turn");
    assert!(world.record.of("/execution/variables/").iter().all(|one| one.answered.is_none()), "or this shows nothing");
    drop(host);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_is_not_multiplied() {
    let world = world().await;
    world.api.faults(&json!([{"endpoint": "runtime", "fault": "status", "status": 403}])).await;
    let questions: Vec<Value> = (0..50).map(|_| json!(["variable", "jobs_a"])).collect();
    let answers = ask(&world, "test.Asker", &json!(questions)).await;
    assert!(answers.iter().all(|answer| error(answer).contains("operator must look into it")), "{answers:?}");
    assert!(airflow_requests(&world).len() <= questions.len() + 1, "{}", airflow_requests(&world).len());
    assert!(world.record.of("/runtime-token").len() <= 2);
}
