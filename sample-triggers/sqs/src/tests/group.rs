//! A queue behind a group of subscribers, as the host runs it, but for the wasm: a host that dies, and what is left in
//! the queues.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use matching::Match;
use stream_rules::{AdvanceError, AdvanceItem, Lane, Mode, Policy, Raw, StreamKey, Verdict};
use streams::{Producer, Read, Reader, SourceError, Streams, Subscribe, Subscription};
use tokio::sync::Notify;
use trigger_host_sdk::serde_json::{self, Value, json};
use trigger_host_sdk::{AdvanceError as Refused, Received};
use trigger_host_types::TriggerId;
use upstreams::Sqs;

use super::{Queue, all, counts, data, send};

const MESSAGES: usize = 300;
const MALFORMED: usize = 3;
const SUBSCRIBERS: usize = 4;
const DEATHS: usize = 4;

/// The guest, on a thread of its own for each call.
#[derive(Clone)]
struct Guest(Queue);

async fn called<T: Send + 'static>(call: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(call).await.unwrap()
}

#[async_trait]
impl Reader for Guest {
    async fn read(&mut self, max: usize) -> Result<Read, SourceError> {
        loop {
            let queue = self.0.clone();
            let received = called(move || queue.upstream().read(u32::try_from(max).unwrap())).await;
            let received = received.map_err(|error| SourceError(error.to_string()))?;
            if !received.is_empty() {
                let raw = |one: Received| Raw {
                    data: one.data.into(),
                    payload: one.receipt.into(),
                    lane: Lane(one.lane.into()),
                };
                return Ok(Read { events: received.into_iter().map(raw).collect(), end: None });
            }
        }
    }
}

#[async_trait]
impl Producer for Guest {
    async fn open(&self) -> Result<Box<dyn Reader>, SourceError> {
        Ok(Box::new(self.clone()))
    }

    async fn advance(&self, _lane: &Lane, items: &[AdvanceItem]) -> Result<(), AdvanceError> {
        let (queue, items) = (self.0.clone(), items.to_vec());
        let done = called(move || {
            let settled = items
                .iter()
                .map(|item| (&*item.payload, item.outcome.acked, item.outcome.rejected, item.outcome.failed()));
            queue.upstream().advance(&settled.collect::<Vec<_>>())
        });
        let failed = |what: String, fatal| AdvanceError { what: what.into(), fatal, retry_after: None };
        match done.await {
            Ok(unfinished) => unfinished.first().map_or(Ok(()), |one| Err(failed(one.reason.clone(), false))),
            Err(Refused::Retry(what, _)) => Err(failed(what, false)),
            Err(Refused::Fatal(what)) => Err(failed(what, true)),
        }
    }

    async fn rewind(&self, _lane: &Lane, _payload: &Bytes) -> Result<(), SourceError> {
        Err(SourceError("a queue does not go back".into()))
    }

    async fn close(&self) -> Result<(), SourceError> {
        Ok(())
    }
}

/// What is stored: who has seen which number.
#[derive(Default)]
struct Api {
    stored: Mutex<BTreeSet<(usize, u64)>>,
    changed: Notify,
}

async fn watch(of: Subscription, who: usize, api: Arc<Api>) {
    while let Ok(batch) = of.next(16).await {
        let events: Vec<Value> = batch.iter().map(|event| serde_json::from_slice(&event.data).unwrap()).collect();
        let verdict = |event: &Value| match event["value"]["number"].as_u64() {
            Some(_) => Verdict::Emit { events: 1 },
            None => Verdict::Reject,
        };
        let Ok(seqs) = of.verdicts(events.iter().map(verdict).collect()).await else { return };
        let numbers = events.iter().filter_map(|event| event["value"]["number"].as_u64());
        api.stored.lock().unwrap().extend(numbers.map(|number| (who, number)));
        api.changed.notify_waiters();
        of.confirmer().confirm(seqs.into_iter().flatten().collect()).await;
    }
}

/// One life of a host, until so much is stored.
fn live(queue: &Queue, api: &Arc<Api>, until: usize) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let streams = Streams::start();
        let producer = Arc::new(Guest(queue.clone()));
        for who in 0..SUBSCRIBERS {
            let subscribe = Subscribe {
                trigger: TriggerId(i64::try_from(who).unwrap()),
                key: StreamKey::global("orders"),
                wanted: Match::default(),
                mode: Mode::Ack,
                policy: Policy { grace_ends_with_cohort: true, ..Policy::safe() },
                producer: producer.clone(),
                cohort: (0..SUBSCRIBERS).map(|who| TriggerId(i64::try_from(who).unwrap())).collect(),
            };
            tokio::spawn(watch(streams.subscribe(subscribe).await.unwrap(), who, api.clone()));
        }
        let stored = async {
            loop {
                let changed = api.changed.notified();
                if api.stored.lock().unwrap().len() >= until {
                    return;
                }
                changed.await;
            }
        };
        tokio::time::timeout(Duration::from_secs(120), stored).await.expect("it goes on");
        if until == everything() {
            let queue = queue.clone();
            let empty = move || while counts(&queue) != (0, 0) {};
            tokio::time::timeout(Duration::from_secs(60), called(empty)).await.expect("all is settled");
        }
    });
    runtime.shutdown_background();
}

const fn everything() -> usize {
    (MESSAGES - MALFORMED) * SUBSCRIBERS
}

#[test]
#[ignore = "takes an SQS server: cargo xtask broker-test"]
fn a_queue_is_emptied_and_its_dead_letters_are_sent_once() {
    let server = Sqs::start().unwrap();
    let dead = Queue::at(&server).create("dead.fifo", &json!({}));
    let parameters = json!({ "dead_letter_queue_url": dead.url(), "visibility": 4, "wait": 1 });
    let queue = Queue::at(&server).create("orders", &parameters);
    let bodies: Vec<String> = (0..MESSAGES)
        .map(|number| match number % (MESSAGES / MALFORMED) {
            7 => format!("malformed {number}"),
            _ => json!({ "number": number }).to_string(),
        })
        .collect();
    send(&queue, &bodies.iter().map(String::as_str).collect::<Vec<_>>(), None);
    let api = Arc::new(Api::default());
    for life in 0..=DEATHS {
        live(&queue, &api, everything() * (life + 1) / (DEATHS + 1));
    }
    let letters = all(&dead);
    let texts: Vec<String> = letters.iter().map(|letter| data(letter)["text"].as_str().unwrap().to_owned()).collect();
    let once: BTreeSet<&str> = texts.iter().map(String::as_str).collect();
    assert_eq!((texts.len(), once.len()), (MALFORMED, MALFORMED), "{texts:?}");
}
