//! A host killed at any request loses nothing and does nothing twice.

use std::collections::BTreeSet;

use fastrand::Rng;
use serde_json::{Value, json};

use crate::tap::Strike;
use crate::world::World;

const TRIGGERS: usize = 200;
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
    let mut killed = 0;
    let mut hosts = Vec::new();
    while killed < most {
        let mut host = world.host(&format!("host-{killed}"), &[]);
        let strike = Strike { nth: random.u64(1..=REQUESTS), part: "", done: random.bool(), host: host.program.pid };
        world.record.strike(strike);
        let all_fired = world.api.until("all events", |events| events.len() >= TRIGGERS);
        // Both may be dropped: they only look.
        let is_dead = tokio::select! {
            code = host.program.end() => { assert_eq!(code, None, "{}", host.program.log.text()); true }
            _ = all_fired => !world.record.spare(),
        };
        killed += u64::from(is_dead);
        hosts.push(host);
        if !is_dead {
            break;
        }
    }
    // All may have fired before the last kill was due; another world makes up for it.
    let last = world.host("last", &[]);
    world.api.events(TRIGGERS).await;
    check(&world, &ids).await;
    drop(last);
    killed
}

async fn check(world: &World, ids: &BTreeSet<i64>) {
    let events = world.api.record().await;
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
        let sent = world.record.of(&format!("/triggers/{id}/event"));
        let keys: BTreeSet<_> = sent.iter().map(|event| event.key.clone()).collect();
        assert_eq!(keys.len(), 1, "{sent:?}");
    }
    assert_eq!(world.api.get("waiting").await["waiting"], 0);
}
