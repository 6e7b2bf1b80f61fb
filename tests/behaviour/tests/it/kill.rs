//! A host killed at any request loses nothing and does nothing twice.

use std::collections::BTreeSet;

use fastrand::Rng;
use serde_json::{Value, json};

use crate::tap::Strike;
use crate::world::World;

const TRIGGERS: usize = 200;
/// Watchers beside them, which fire three events in one call, about once a second: what a task never shows, because its
/// trigger is gone with its event, is that an event that comes again has the key it had.
const WATCHERS: usize = 10;
/// Hosts killed while the triggers of one world run.
const KILLS_OF_A_WORLD: u64 = 5;
/// Requests between two kills at the most; a whole run makes about 1,700.
const REQUESTS: u64 = 520;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_host_loses_nothing_and_submits_nothing_twice() {
    let seed = number("BEHAVIOUR_SEED", 1);
    let (mut left, mut random) = (number("BEHAVIOUR_KILL_POINTS", 10), Rng::with_seed(seed));
    while left > 0 {
        let world_seed = random.u64(..);
        eprintln!("seed {seed}: {left} kill points left, this world's seed is {world_seed}");
        left -= one_world(left.min(KILLS_OF_A_WORLD), Rng::with_seed(world_seed)).await;
    }
}

#[expect(clippy::disallowed_methods, reason = "a test has no command line of its own")]
fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect(name))
}

/// Kills up to so many hosts of one set of triggers, one after another. How many were.
async fn one_world(most: u64, mut random: Rng) -> u64 {
    let world = World::new().await;
    let triggers: Vec<Value> =
        (0..TRIGGERS).map(|n| json!({"classpath": "demo.HttpJob", "kwargs": world.job(&json!({"n": n}))})).collect();
    let ids: BTreeSet<i64> = world.api.defer(&json!(triggers)).await.into_iter().collect();
    let watcher = |n| {
        let assets = json!({format!("a{n}"): format!("file:///a{n}")});
        json!({"classpath": "test.Hostile", "kwargs": {"do": "many-events", "count": 3, "n": n}, "kind": "asset", "assets": assets})
    };
    let watchers: Vec<Value> = (0..WATCHERS).map(watcher).collect();
    let watchers = world.api.defer(&json!(watchers)).await;
    let mut killed = 0;
    let mut hosts = Vec::new();
    while killed < most {
        let mut host = world.host(&format!("host-{killed}"), &[]);
        let strike = Strike { nth: random.u64(1..=REQUESTS), part: "", done: random.bool(), host: host.program.pid };
        world.record.strike(strike);
        let fired = world.api.until("all events", all_fired);
        // Both may be dropped: they only look.
        let is_dead = tokio::select! {
            code = host.program.end() => { assert_eq!(code, None, "{}", host.program.log.text()); true }
            _ = fired => !world.record.spare(),
        };
        killed += u64::from(is_dead);
        hosts.push(host);
        if !is_dead {
            break;
        }
    }
    // All may have fired before the last kill was due; another world makes up for it.
    hosts.push(world.host("last", &[]));
    world.api.until("all events", all_fired).await;
    // Each watcher is heard of once more by a host that lives.
    for id in &watchers {
        let before = world.record.of(&format!("/triggers/{id}/checkpoint")).len();
        world
            .record
            .until("a watcher goes on", |record| record.of(&format!("/triggers/{id}/checkpoint")).len() > before)
            .await;
    }
    for host in hosts.iter_mut().skip(usize::try_from(killed).unwrap()) {
        host.drain().await;
    }
    check_jobs(&world, &ids).await;
    check_watchers(&world, &watchers).await;
    killed
}

fn of_jobs(events: &[Value]) -> impl Iterator<Item = &Value> {
    events.iter().filter(|event| event["classpath"] == "demo.HttpJob")
}

fn all_fired(events: &[Value]) -> bool {
    of_jobs(events).count() >= TRIGGERS
}

async fn check_watchers(world: &World, ids: &[i64]) {
    let events = world.api.record().await;
    let keys: BTreeSet<&str> = events.iter().filter_map(|event| event["idempotency_key"].as_str()).collect();
    assert_eq!(keys.len(), events.len(), "each event has a key of its own");
    for id in ids {
        let of_one: Vec<&Value> = events.iter().filter(|event| event["trigger_id"] == *id).collect();
        assert!(!of_one.is_empty() && of_one.len().is_multiple_of(3), "each call is told of whole, once: {of_one:?}");
    }
}

async fn check_jobs(world: &World, ids: &BTreeSet<i64>) {
    let all = world.api.record().await;
    let events: Vec<&Value> = of_jobs(&all).collect();
    let texts = |key: &str| events.iter().filter_map(|event| event[key].as_str()).collect::<BTreeSet<_>>();
    assert_eq!(texts("what"), BTreeSet::from(["event"]), "no failure: {events:?}");
    assert_eq!(events.len(), TRIGGERS, "one event for each");
    let fired: BTreeSet<i64> = events.iter().map(|event| event["trigger_id"].as_i64().unwrap()).collect();
    assert_eq!(&fired, ids, "none is missing");
    assert_eq!(texts("idempotency_key").len(), TRIGGERS, "each has a key of its own");

    let stats = world.jobs.stats();
    assert_eq!(stats.started, TRIGGERS as u64, "each job exactly once: {stats:?}");
    let jobs: BTreeSet<&str> = events.iter().filter_map(|event| event["payload"]["id"].as_str()).collect();
    assert_eq!(jobs.len(), TRIGGERS, "each event names a job of its own");

    // Also those repetitions that no host lived to hear of carried the key of the first attempt.
    for id in ids {
        let sent: Vec<_> = world.record.events().into_iter().filter(|(trigger, _)| trigger == id).collect();
        let keys: BTreeSet<_> = sent.iter().map(|(_, event)| event.key.clone()).collect();
        assert_eq!(keys.len(), 1, "{sent:?}");
    }
    assert_eq!(world.api.get("waiting").await["waiting"], 0);
    let failures = all.iter().filter(|event| event["what"] != "event").count();
    assert_eq!(failures, 0, "none that nothing was mapped to, none given up");
}
