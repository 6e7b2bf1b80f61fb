//! A host that dies again and again, at any moment: nothing is lost, and no offset passes what is not stored.
//!
//! A host is a runtime of its own, which is dropped with everything in it; what survives is what an API would have
//! stored. Whatever committed offset is found after a death, all messages below it have their effects there.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use matching::{Condition, Match};
use parking_lot::Mutex;
use serde_json::{Value, json};
use stream_rules::{Policy, Verdict};
use streams::{Streams, Subscribe, Subscription};
use tokio::sync::Notify;
use trigger_host_types::TriggerId;

use super::place;
use super::topic::{Scene, WITHIN};
use crate::scene::key;

const SUBSCRIBERS: u64 = 100;
/// The whole host is killed over more of them: `tests/behaviour/tests/it/sources`.
const MESSAGES: u64 = 30_000;
/// One of so many is malformed.
const MALFORMED: u64 = 5_000;
const DEATHS: usize = 10;

/// What is stored, and who has to be told that something is.
#[derive(Default)]
struct Api {
    /// By partition, the offsets whose effects are stored.
    stored: Mutex<HashMap<i32, BTreeSet<i64>>>,
    numbers: Mutex<BTreeSet<u64>>,
    changed: Notify,
}

impl Api {
    fn store(&self, event: &Value) {
        let (partition, offset) = place(event);
        self.stored.lock().entry(partition).or_default().insert(offset);
        if let Some(number) = event["value"]["number"].as_u64() {
            self.numbers.lock().insert(number);
        }
        self.changed.notify_waiters();
    }

    fn count(&self) -> usize {
        self.stored.lock().values().map(BTreeSet::len).sum()
    }

    async fn has(&self, count: usize) {
        loop {
            let changed = self.changed.notified();
            if self.count() >= count {
                return;
            }
            changed.await;
        }
    }
}

/// How a subscriber behaves in one life of the host.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    Honest,
    /// Its filter fails on its first batch.
    Traps,
    /// It takes one batch and never says anything.
    Hangs,
}

async fn join(streams: &Streams, scene: &Scene, trigger: u64, wanted: Match) -> Subscription {
    let source = scene.source();
    let subscribe = Subscribe {
        trigger: TriggerId(i64::try_from(trigger).unwrap()),
        key: key(),
        wanted,
        mode: source.mode,
        policy: Policy { grace: Duration::ZERO, ..Policy::safe() },
        producer: source.producer,
        cohort: vec![],
    };
    streams.subscribe(subscribe).await.unwrap()
}

/// One subscriber: stores an effect for each message that is its own, then confirms it.
async fn watch(of: Subscription, api: Arc<Api>, mut manner: Manner) {
    while let Ok(batch) = of.next(64).await {
        match std::mem::replace(&mut manner, Manner::Honest) {
            Manner::Honest => {}
            Manner::Traps => {
                let Ok(_) = of.verdicts(vec![Verdict::Failed; batch.len()]).await else { return };
                continue;
            }
            Manner::Hangs => std::future::pending().await,
        }
        let events: Vec<Value> = batch.iter().map(|event| serde_json::from_slice(&event.data).unwrap()).collect();
        let emit = Verdict::Emit { events: 1 };
        let Ok(seqs) = of.verdicts(vec![emit; events.len()]).await else { return };
        events.iter().for_each(|event| api.store(event));
        of.confirmer().confirm(seqs.into_iter().flatten().collect()).await;
    }
}

/// Sees what nobody else wants: malformed messages, which it rejects. That counts as an effect.
async fn reject(of: Subscription, api: Arc<Api>) {
    while let Ok(batch) = of.next(64).await {
        let events: Vec<Value> = batch.iter().map(|event| serde_json::from_slice(&event.data).unwrap()).collect();
        events.iter().for_each(|event| api.store(event));
        if of.verdicts(vec![Verdict::Reject; events.len()]).await.is_err() {
            return;
        }
    }
}

/// A host with all its subscribers, until enough is stored; then it is gone, whatever it was doing.
fn live(scene: &Scene, api: &Arc<Api>, life: usize, until: usize) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let streams = Streams::start();
        let none = Match::new(vec![Condition::one_of("/text", &[json!("malformed")]).unwrap()]).unwrap();
        tokio::spawn(reject(join(&streams, scene, SUBSCRIBERS, none).await, api.clone()));
        for to in 0..SUBSCRIBERS {
            let own = Match::new(vec![Condition::one_of("/value/to", &[json!(to)]).unwrap()]).unwrap();
            let manner = match (life % 3, to) {
                (1, 7) => Manner::Traps,
                (2, 8) if life < DEATHS => Manner::Hangs,
                _ => Manner::Honest,
            };
            tokio::spawn(watch(join(&streams, scene, to, own).await, api.clone(), manner));
        }
        let stored = tokio::time::timeout(WITHIN * 2, api.has(until)).await;
        assert!(stored.is_ok(), "life {life}: {} of {until}", api.count());
        if life == DEATHS {
            tokio::time::timeout(WITHIN, scene.all_committed()).await.unwrap();
            streams.stop().await;
        }
    });
    runtime.shutdown_background();
}

#[test]
#[ignore = "takes a Kafka broker: cargo xtask broker-test"]
fn nothing_is_lost_however_often_the_host_dies() {
    let outside = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut scene = outside.block_on(async {
        let scene = Scene::new().await;
        let body = |number: u64| match number % MALFORMED {
            1 => "malformed".to_owned(),
            _ => json!({ "number": number, "to": number % SUBSCRIBERS }).to_string(),
        };
        scene.produce(0..MESSAGES, body).await;
        scene
    });
    let api = Arc::new(Api::default());
    let everything = usize::try_from(MESSAGES).unwrap();
    for life in 0..=DEATHS {
        // At a moment that differs from life to life, and from run to run with the machine.
        let step = everything / (DEATHS + 3);
        let until = if life == DEATHS { everything } else { (step * life) + 1 + (life * 7_919) % step };
        live(&scene, &api, life, until);
        let group = outside.block_on(scene.group());
        let committed = outside.block_on(scene.committed(&group));
        for (partition, offset) in committed {
            let stored = api.stored.lock().get(&partition).map_or(0, |stored| stored.range(..offset).count());
            assert_eq!(
                i64::try_from(stored).unwrap(),
                offset,
                "life {life}: partition {partition} was committed too far"
            );
        }
        if life == DEATHS / 2 {
            scene.kafka.restart().unwrap();
        }
    }
    let malformed = usize::try_from(MESSAGES / MALFORMED).unwrap();
    assert_eq!(api.numbers.lock().len(), everything - malformed, "every message had its effect");
}
