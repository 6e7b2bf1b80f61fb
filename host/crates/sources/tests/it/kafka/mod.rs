//! Kafka, with a real broker: `cargo xtask broker-test` runs these.

mod kills;
mod topic;

use std::collections::BTreeSet;
use std::time::Duration;

use matching::Match;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::producer::{FutureProducer, FutureRecord};
use serde_json::{Value, json};
use stream_rules::{OnFailed, Policy, Verdict};
use streams::{Streams, Subscribe, Subscription};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use topic::{Scene, TOPIC, WITHIN};
use trigger_host_types::{Connection, TriggerId};

use crate::scene::{Lender, key, make, next, subscribe};

/// Partition and offset.
type Place = (i32, i64);
/// What a subscriber tells of what it sees, and which numbers that were.
type Watcher = (mpsc::Receiver<(Place, u64)>, BTreeSet<u64>);

fn numbered(number: u64) -> String {
    json!({ "number": number }).to_string()
}

fn place(event: &Value) -> Place {
    (i32::try_from(event["partition"].as_i64().unwrap()).unwrap(), event["offset"].as_i64().unwrap())
}

/// A subscriber that emits for each message, and confirms it.
fn watch(subscription: Subscription, until: CancellationToken) -> mpsc::Receiver<(Place, u64)> {
    let (seen, listen) = mpsc::channel(1 << 16);
    tokio::spawn(async move {
        loop {
            let batch = tokio::select! {
                batch = subscription.next(256) => batch.unwrap(),
                () = until.cancelled() => break,
            };
            let emit = |_: &_| Verdict::Emit { events: 1 };
            let seqs = subscription.verdicts(batch.iter().map(emit).collect()).await.unwrap();
            for event in batch.iter() {
                let event: Value = serde_json::from_slice(&event.data).unwrap();
                seen.send((place(&event), event["value"]["number"].as_u64().unwrap())).await.unwrap();
            }
            subscription.confirmer().confirm(seqs.into_iter().flatten().collect()).await;
        }
    });
    listen
}

/// Waits until everyone has seen all numbers below `count`.
async fn all_seen(watchers: &mut [Watcher], count: u64) {
    for (listen, seen) in watchers {
        while (seen.len() as u64) < count {
            let next = tokio::time::timeout(WITHIN, listen.recv()).await;
            seen.insert(next.unwrap_or_else(|_| panic!("{} of {count}", seen.len())).unwrap().1);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a Kafka broker: cargo xtask broker-test"]
async fn everything_is_seen_and_committed_through_restarts_and_rebalances() {
    let mut scene = Scene::new().await;
    scene.produce(0..2_000, numbered).await;
    let (streams, until) = (Streams::start(), CancellationToken::new());
    let mut watchers = Vec::new();
    for trigger in 1..=3 {
        let of = subscribe(&streams, trigger, scene.source()).await;
        watchers.push((watch(of, until.clone()), BTreeSet::new()));
    }
    all_seen(&mut watchers, 2_000).await;
    scene.all_committed().await;

    // The broker goes away in the middle, and comes back with what it had.
    scene.produce(2_000..4_000, numbered).await;
    scene.kafka.restart().unwrap();
    scene.produce(4_000..5_000, numbered).await;
    all_seen(&mut watchers, 5_000).await;
    scene.all_committed().await;

    // Another member takes partitions, reads them, commits nothing and goes.
    let group = scene.group().await;
    let mut other = scene.kafka.client();
    other.set("group.id", &group).set("partition.assignment.strategy", "cooperative-sticky");
    let other: BaseConsumer = other.set("enable.auto.commit", "false").create().unwrap();
    other.subscribe(&[TOPIC]).unwrap();
    let poll_until = |other: BaseConsumer, enough: fn(&BaseConsumer, usize) -> bool| {
        tokio::task::spawn_blocking(move || {
            let (deadline, mut taken) = (std::time::Instant::now() + WITHIN, 0);
            while !enough(&other, taken) {
                assert!(std::time::Instant::now() < deadline, "the other member has {taken} messages");
                taken += usize::from(matches!(other.poll(Duration::from_millis(100)), Some(Ok(_))));
            }
            other
        })
    };
    let other = poll_until(other, |other, _| other.assignment().unwrap().count() > 0).await.unwrap();
    scene.produce(5_000..7_000, numbered).await;
    drop(poll_until(other, |_, taken| taken >= 100).await.unwrap());
    scene.produce(7_000..8_000, numbered).await;
    all_seen(&mut watchers, 8_000).await;
    scene.all_committed().await;
    until.cancel();
    streams.stop().await;

    // Nothing is read again by the next group of the same stream.
    scene.produce(8_000..8_100, numbered).await;
    let (streams, until) = (Streams::start(), CancellationToken::new());
    let mut listen = watch(subscribe(&streams, 1, scene.source()).await, until.clone());
    let mut rest = Vec::new();
    while rest.len() < 100 {
        rest.push(tokio::time::timeout(WITHIN, listen.recv()).await.unwrap().unwrap().1);
    }
    rest.sort_unstable();
    assert_eq!(rest, (8_000..8_100).collect::<Vec<_>>());
    until.cancel();
    streams.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a Kafka broker: cargo xtask broker-test"]
async fn an_offset_never_passes_an_open_message() {
    let scene = Scene::new().await;
    scene.produce_to(3, 50).await;
    scene.produce_to(4, 50).await;
    let streams = Streams::start();
    let of = subscribe(&streams, 1, scene.source()).await;
    let (mut open, mut seen) = (None, 0);
    while seen < 100 {
        let events = next(&of, 7).await;
        seen += events.len();
        let verdicts = events.iter().map(|event| match place(event) {
            (3, 20) => Verdict::Emit { events: 1 },
            _ => Verdict::Skip,
        });
        open = open.or(of.verdicts(verdicts.collect()).await.unwrap().into_iter().flatten().next());
    }
    let group = scene.group().await;
    let other_is_done = async { while scene.committed(&group).await.get(&4) != Some(&50) {} };
    tokio::time::timeout(WITHIN, other_is_done).await.unwrap();
    assert_eq!(scene.committed(&group).await.get(&3), Some(&20), "20 is open, whatever came after it");
    of.confirmer().confirm(vec![open.expect("20 was seen")]).await;
    scene.all_committed().await;
    drop(of);
    streams.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a Kafka broker: cargo xtask broker-test"]
async fn a_failed_message_is_read_again_in_its_place() {
    let scene = Scene::new().await;
    scene.produce_to(0, 30).await;
    scene.produce_to(1, 30).await;
    let streams = Streams::start();
    let source = scene.source();
    let subscribe = Subscribe {
        trigger: TriggerId(1),
        key: key(),
        wanted: Match::default(),
        mode: source.mode,
        policy: Policy { on_failed: OnFailed::Rewind { attempts: 3 }, grace: Duration::ZERO, ..Policy::safe() },
        producer: source.producer,
        cohort: vec![],
    };
    let of = streams.subscribe(subscribe).await.unwrap();
    let (mut failed, mut order) = (0, Vec::new());
    let last = |order: &[i64]| order.iter().rev().take(20).rev().copied().collect::<Vec<i64>>();
    while last(&order) != (10..30).collect::<Vec<_>>() {
        let event = next(&of, 1).await.remove(0);
        if place(&event) == (0, 10) && failed < 2 {
            failed += 1;
            order.clear(); // What it was given before the rewind does not count.
            of.verdicts(vec![Verdict::Failed]).await.unwrap();
            continue;
        }
        order.extend(Some(place(&event)).filter(|(partition, _)| *partition == 0).map(|(_, offset)| offset));
        of.verdicts(vec![Verdict::Skip]).await.unwrap();
    }
    assert_eq!(failed, 2);
    scene.all_committed().await;
    drop(of);
    streams.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a Kafka broker: cargo xtask broker-test"]
async fn every_compression_is_read() {
    let scene = Scene::new().await;
    let body = json!({ "number": 1, "filling": "x".repeat(2_000) }).to_string();
    let all = ["none", "gzip", "snappy", "lz4", "zstd"];
    for (compression, partition) in all.into_iter().zip(0..) {
        let mut config = scene.kafka.client();
        let producer: FutureProducer = config.set("compression.type", compression).create().unwrap();
        let record: FutureRecord<'_, str, str> = FutureRecord::to(TOPIC).partition(partition).payload(&body);
        producer.send(record, WITHIN).await.unwrap();
    }
    let streams = Streams::start();
    let of = subscribe(&streams, 1, scene.source()).await;
    let mut seen = Vec::new();
    while seen.len() < all.len() {
        let events = next(&of, 10).await;
        assert!(events.iter().all(|event| event["value"]["number"] == 1));
        seen.extend(events.iter().map(place));
        of.verdicts(events.iter().map(|_| Verdict::Skip).collect()).await.unwrap();
    }
    drop(of);
    streams.stop().await;
}

/// What is wrong is said when the source is opened, without what is secret.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a Kafka broker: cargo xtask broker-test"]
async fn a_topic_that_is_not_there_is_an_error() {
    let scene = Scene::new().await;
    let entry = json!({ "kind": "kafka", "connection": "upstream", "topics": ["*"] });
    let extra = json!({ "bootstrap.servers": scene.kafka.address(), "client.id": "canary" }).to_string();
    for (connection, why) in [
        (Connection { extra: Some(extra.into()), ..Connection::default() }, "the topic `missing` cannot be read"),
        (Connection::default(), "names no broker"),
    ] {
        let access = Lender { upstream: Some(connection) }.access();
        let source = make(&entry, &json!({ "topics": ["missing"] }), access).unwrap();
        let Err(error) = source.producer.open().await else { panic!("it was opened") };
        assert!(error.to_string().contains(why) && !error.to_string().contains("canary"), "{error}");
    }
}
