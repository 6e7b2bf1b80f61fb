//! What comes before what: checkpoints, events, the next call; on-kill; the end of a host.

use std::collections::BTreeSet;

use jobserver::Plan;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::tap::Strike;
use crate::world::{Host, World};

/// A job that never ends by itself.
const FOREVER: Plan = Plan { polls: u32::MAX, millis: 0, fail: false };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_effect_waits_until_the_one_before_is_stored() {
    let world = World::new().await;
    world
        .api
        .faults(&json!([
            {"endpoint": "checkpoint", "fault": "lose-answer", "nth": 1},
            {"endpoint": "checkpoint", "fault": "lose-answer", "nth": 3},
            {"endpoint": "event", "fault": "lose-answer", "nth": 1}
        ]))
        .await;
    let ids = world.api.defer(&json!([{"classpath": "demo.HttpJob", "kwargs": world.job(&json!({}))}])).await;
    let host = world.host("host", &[]);
    host.step(ids[0], "finished", 1).await;

    // The key is stored before the job is submitted, the job's id before it is looked at; a repetition says the same.
    let checkpoints = world.record.of("/checkpoint");
    let (submitted, looks) = (world.record.of("POST /v1/runs"), world.record.of("GET /v1/runs/"));
    let stored = |what: &str| {
        let of_what: Vec<_> = checkpoints.iter().filter(|one| one.body.contains(what)).collect();
        assert!(of_what.windows(2).all(|two| two[0].body == two[1].body), "{of_what:?}");
        // One whose answer was lost is stored too: its repetition is told so.
        of_what.iter().find_map(|one| one.answered).unwrap().0
    };
    assert!(checkpoints.len() > 2, "an answer was lost, or this shows nothing: {checkpoints:?}");
    assert_eq!(submitted.len(), 1);
    assert!(stored("Submitting") < submitted[0].asked, "{checkpoints:?} {submitted:?}");
    assert!(
        submitted[0].accepted().unwrap() < checkpoints.iter().find(|one| one.body.contains("Watching")).unwrap().asked
    );
    assert!(stored("Watching") < looks[0].asked, "{checkpoints:?} {looks:?}");
    // The event comes last, and its repetition has its key.
    let events = world.record.of("/event");
    assert!(looks.last().unwrap().accepted().unwrap() < events[0].asked);
    assert_eq!(events.len(), 2, "one answer was lost");
    assert_eq!(events[0].key, events[1].key);
    assert_eq!(world.api.record().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watcher_killed_between_two_events_of_one_call_stores_each_once() {
    let world = World::of_single_events().await;
    let watcher = watcher();
    let ids = world.api.defer(&watcher).await;
    let mut first = world.host("first", &[]);
    // The second event of the second call is stored, and nobody hears of it.
    world.record.strike(Strike { nth: 5, part: "/event", done: true, host: first.program.pid });
    assert_eq!(first.program.end().await, None);
    let mut second = world.host("second", &[]);
    world.api.events(9).await;
    second.drain().await;
    let events = world.api.record().await;
    assert_eq!(events.len() % 3, 0, "calls are told of whole: {events:?}");
    let keys: BTreeSet<&str> = events.iter().map(|event| event["idempotency_key"].as_str().unwrap()).collect();
    assert_eq!(keys.len(), events.len(), "each event has a key of its own");
    let repeated: Vec<u64> = events.iter().map(|event| event["repetitions"].as_u64().unwrap()).collect();
    assert_eq!(repeated[..6], [0, 0, 0, 1, 1, 0], "both events of the broken call came again, with their keys");
    // What follows starts only after the events before it were accepted and counted.
    let checkpoints = world.record.of(&format!("/triggers/{}/checkpoint", ids[0]));
    let sent = world.record.of("/event");
    let third = checkpoints[0].accepted().unwrap();
    assert!(sent[2].accepted().unwrap() < checkpoints[0].asked && third < sent[3].asked, "{checkpoints:?}");
}

/// A watcher that fires three events in each call.
fn watcher() -> Value {
    json!([{
        "classpath": "test.Hostile", "kwargs": {"do": "many-events", "count": 3}, "kind": "asset", "assets": {"a": "file:///a"}
    }])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_killed_in_the_middle_of_a_batch_loses_none_of_it_and_stores_none_twice() {
    for done in [true, false] {
        let world = World::new().await;
        world.api.defer(&watcher()).await;
        let mut first = world.host("first", &[]);
        world.record.strike(Strike { nth: 2, part: "/triggers/events", done, host: first.program.pid });
        assert_eq!(first.program.end().await, None);
        let mut second = world.host("second", &[]);
        world.api.events(9).await;
        second.drain().await;
        let events = world.api.record().await;
        assert_eq!(events.len() % 3, 0, "calls are told of whole: {events:?}");
        let keys: BTreeSet<&str> = events.iter().map(|event| event["idempotency_key"].as_str().unwrap()).collect();
        assert_eq!(keys.len(), events.len(), "each event has a key of its own");
        let repeated: Vec<u64> = events.iter().map(|event| event["repetitions"].as_u64().unwrap()).collect();
        let again = u64::from(done);
        assert_eq!(repeated[..6], [0, 0, 0, again, again, again], "the batch came again whole, with its keys");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poison_event_holds_up_nobody_else() {
    let world = World::new().await;
    let triggers = vec![json!({"classpath": "demo.Wait", "kwargs": {"delta": 0}}); 40];
    let ids = world.api.defer(&json!(triggers)).await;
    world.api.faults(&json!([{"endpoint": "event", "trigger": ids[7], "fault": "status", "status": 500}])).await;
    // One request at a time, so that the others queue behind it.
    let host = world.host("host", &[("deliveries", json!(1))]);
    let events = world.api.events(39).await;
    assert!(events.iter().all(|event| event["trigger_id"] != ids[7]));
    assert!(!world.record.of("/triggers/events").is_empty(), "some went together, or this shows less than it says");
    world.api.faults(&json!([])).await;
    let last = world.api.events(40).await.pop().unwrap();
    assert_eq!(
        (&last["trigger_id"], &last["what"]),
        (&json!(ids[7]), &json!("event")),
        "it is tried again, and then told"
    );
    assert_eq!(host.count(ids[7], "claimed"), 1);
}

/// Triggers with jobs that never end, by task name; once all are submitted and stored.
async fn jobs(world: &World, host: &Host, tasks: &[Value]) -> Vec<i64> {
    let triggers: Vec<Value> = tasks
        .iter()
        .map(|more| {
            let mut trigger = json!({"classpath": "demo.HttpJob", "kwargs": world.job(&json!({}))});
            trigger.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            trigger
        })
        .collect();
    let ids = world.api.defer(&json!(triggers)).await;
    for id in &ids {
        host.step(*id, "polled", 3).await;
    }
    ids
}

fn task(name: &str) -> Value {
    json!({"dag_id": "d", "run_id": "r", "task_id": name})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cleared_task_cancels_its_job_and_one_that_timed_out_does_not() {
    let world = World::with(FOREVER).await;
    let host = world.host("host", &[]);
    let tasks = [json!({"task": task("late"), "timeout_after": 3}), json!({"task": task("cleared")})];
    let ids = jobs(&world, &host, &tasks).await;
    let timeouts = world.api.events(1).await;
    assert_eq!((&timeouts[0]["what"], &timeouts[0]["trigger_id"]), (&json!("timeout"), &json!(ids[0])));
    host.step(ids[0], "finished", 1).await;
    // The other way comes second, so that the first has had its chance.
    world.api.post("tasks/clear", &task("cleared")).await;
    world.record.until("a job is cancelled", |record| !record.of("DELETE /v1/runs/").is_empty()).await;
    host.step(ids[1], "finished", 1).await;
    let cancelled = world.record.of("DELETE /v1/runs/");
    assert_eq!(cancelled.len(), 1, "{cancelled:?}");
    // Which job was whose, the checkpoint says.
    let job = cancelled[0].what.rsplit('/').next().unwrap();
    let of_cleared = world.record.of(&format!("/triggers/{}/checkpoint", ids[1]));
    assert!(of_cleared.iter().any(|one| one.body.contains(&format!("{job}\\\""))), "{job}: {of_cleared:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_another_host_took_over_keeps_its_job() {
    let world = World::with(FOREVER).await;
    let mut first = world.host("first", &[]);
    let ids = jobs(&world, &first, &[json!({"task": task("moved")})]).await;
    first.program.signal(Signal::STOP);
    let second = world.host("second", &[]);
    second.step(ids[0], "polled", 2).await;
    first.program.signal(Signal::CONT);
    first.step(ids[0], "finished", 1).await;
    // The control: what is cleared now is cancelled once, by the one who holds it.
    world.api.post("tasks/clear", &task("moved")).await;
    world.record.until("the job is cancelled", |record| !record.of("DELETE /v1/runs/").is_empty()).await;
    second.step(ids[0], "finished", 1).await;
    first.drain().await;
    assert_eq!(world.record.of("DELETE /v1/runs/").len(), 1);
    let stats = world.jobs.stats();
    assert_eq!((stats.started, stats.repeated, stats.cancelled), (1, 0, 1), "{stats:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_lets_a_call_end_sends_its_event_and_frees_the_rest() {
    let world = World::new().await;
    // Nobody would take over from a silent host within this test.
    let patient = [("health-check-threshold", json!("10m")), ("capacity", json!(2))];
    let ids = world
        .api
        .defer(&json!([
            {"classpath": "test.Hostile", "kwargs": {"do": "sleep", "ms": 4_000}},
            {"classpath": "demo.Wait", "kwargs": {"delta": 3_600}},
        ]))
        .await;
    let mut first = world.host("first", &patient);
    first.step(ids[0], "claimed", 1).await;
    first.step(ids[1], "polled", 1).await;
    let second = world.host("second", &patient);
    world.record.until("both hosts are there", |record| record.of("POST /execution/jobs").len() == 2).await;
    assert_eq!(first.count(ids[0], "polled"), 0, "the call is still running");
    first.drain().await;
    assert_eq!(first.count(ids[0], "fired"), 1, "{}", first.program.log.text());
    second.step(ids[1], "claimed", 1).await;
    let (events, hosts) = (world.api.record().await, world.api.hosts().await);
    assert_eq!(events.len(), 1);
    assert_eq!((&events[0]["what"], &events[0]["job_id"]), (&json!("event"), &hosts[0]["job_id"]));
    assert!(hosts[0]["end_date"].is_i64(), "the job is completed: {hosts:?}");
    let completed = world.record.of("/complete")[0].clone();
    assert!(world.record.of("/event")[0].accepted().unwrap() < completed.asked, "the job is completed last");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_lets_an_on_kill_end() {
    let world = World::with(FOREVER).await;
    let mut host = world.host("host", &[]);
    jobs(&world, &host, &[json!({"task": task("cleared")})]).await;
    // It is asked what became of the task before on-kill is called: that takes a while.
    world.api.faults(&json!([{"endpoint": "runtime", "fault": "latency", "milliseconds": 1_500}])).await;
    world.api.post("tasks/clear", &task("cleared")).await;
    world.record.until("the host asks", |record| !record.of("task-instances/states").is_empty()).await;
    host.drain().await;
    assert_eq!(world.jobs.stats().cancelled, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_the_api_has_forgotten_registers_anew() {
    let world = World::with(FOREVER).await;
    let host = world.host("host", &[]);
    let ids = jobs(&world, &host, &[json!({"task": task("old")})]).await;
    // Restored from an empty backup, say: same address, no job, no trigger.
    let another = world.another_api().await;
    world.api_tap.lead_to(another.address);
    host.program.log.line("Registered again.").await;
    host.step(ids[0], "finished", 1).await;
    another.defer(&json!([{"classpath": "demo.Wait", "kwargs": {"delta": 0}}])).await;
    let events = another.events(1).await;
    assert_eq!(events[0]["what"], "event");
    assert_eq!(world.jobs.stats().cancelled, 0, "that the claims are gone is no reason to cancel anything");
}
