//! Advances of several lanes in one call of the producer.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use matching::Match;
use stream_rules::{AdvanceError, AdvanceItem, Lane, Mode, Policy, StreamKey, Verdict};
use streams::{Advance, Producer, Read, Reader, SourceError, Streams, Subscribe, Subscription};
use tokio::sync::{Mutex, mpsc};
use tokio::time::{Instant, timeout};
use trigger_host_types::TriggerId;

use crate::shapes::{failure, raw, safe};

type Results = Vec<Result<(), AdvanceError>>;

/// One read of these events, each in a lane of its own, then silence.
struct Messages(VecDeque<&'static str>);

#[async_trait]
impl Reader for Messages {
    async fn read(&mut self, max: usize) -> Result<Read, SourceError> {
        let most = self.0.len().min(max);
        let events: Vec<_> = self.0.drain(..most).map(|name| raw(name, name)).collect();
        if events.is_empty() {
            std::future::pending::<()>().await;
        }
        Ok(Read { events, end: None })
    }
}

/// Says which lanes a call is for, and returns what the test answers.
struct Queue {
    events: Vec<&'static str>,
    calls: mpsc::Sender<Vec<String>>,
    answers: Mutex<mpsc::Receiver<Results>>,
}

#[async_trait]
impl Producer for Queue {
    async fn open(&self) -> Result<Box<dyn Reader>, SourceError> {
        Ok(Box::new(Messages(self.events.iter().copied().collect())))
    }

    fn gather(&self) -> Option<NonZeroUsize> {
        NonZeroUsize::new(3)
    }

    async fn advance(&self, _lane: &Lane, _items: &[AdvanceItem]) -> Result<(), AdvanceError> {
        Err(failure("one at a time", true))
    }

    async fn advance_many(&self, advances: &[Advance]) -> Results {
        let lanes = advances.iter().map(|advance| String::from_utf8_lossy(&advance.lane.0).into_owned());
        self.calls.send(lanes.collect()).await.expect("the test listens");
        self.answers.lock().await.recv().await.expect("the test answers")
    }

    async fn rewind(&self, _lane: &Lane, _payload: &Bytes) -> Result<(), SourceError> {
        Ok(())
    }

    async fn close(&self) -> Result<(), SourceError> {
        Ok(())
    }
}

struct Scene {
    streams: Streams,
    of: Subscription,
    calls: mpsc::Receiver<Vec<String>>,
    answers: mpsc::Sender<Results>,
    events: usize,
}

impl Scene {
    /// All events are resolved in one section; so many calls may run at the same time.
    async fn new(events: &[&'static str], calls: usize) -> Self {
        let ((told, heard), (answers, answer)) = (mpsc::channel(16), mpsc::channel(16));
        let queue = Queue { events: events.to_vec(), calls: told, answers: Mutex::new(answer) };
        let mut policy = Policy { grace: Duration::ZERO, ..safe() };
        policy.advance.max_in_flight = calls;
        let streams = Streams::start();
        let subscribe = Subscribe {
            trigger: TriggerId(1),
            key: StreamKey::global("q"),
            wanted: Match::default(),
            mode: Mode::Ack,
            policy,
            producer: Arc::new(queue),
            cohort: Vec::new(),
        };
        let of = streams.subscribe(subscribe).await.expect("it joins");
        let batch = of.next(100).await.expect("events");
        assert_eq!(batch.len(), events.len());
        of.verdicts(vec![Verdict::Skip; batch.len()]).await.expect("they fit");
        Self { streams, of, calls: heard, answers, events: events.len() }
    }

    async fn call(&mut self) -> Vec<String> {
        timeout(Duration::from_secs(600), self.calls.recv()).await.expect("in time").expect("a call")
    }

    async fn answer(&self, results: Results) {
        self.answers.send(results).await.expect("it is waited for");
    }

    /// Everything is advanced past, and in no further call.
    async fn end(mut self, failed: u64) {
        drop(self.of);
        self.streams.stop().await;
        let totals = self.streams.totals()["guest"];
        let events = self.events as u64;
        assert_eq!((totals.advances, totals.advanced, totals.advances_failed), (events, events, failed));
        assert!(self.calls.try_recv().is_err());
    }
}

/// What is ready goes in as few calls as it may; while no more calls may run, what gets ready gathers.
#[tokio::test(start_paused = true)]
async fn what_is_ready_shares_a_call() {
    let mut scene = Scene::new(&["a", "b", "c", "d", "e"], 1).await;
    assert_eq!(scene.call().await, ["a", "b", "c"]);
    assert_eq!(scene.of.counts().await.map(|counts| counts.advancing), Some(3), "d and e have no room yet");
    scene.answer(vec![Ok(()); 3]).await;
    assert_eq!(scene.call().await, ["d", "e"], "nothing waits for company");
    scene.answer(vec![Ok(()); 2]).await;
    scene.end(0).await;
}

/// Each lane has its own result; one without a result is tried again.
#[tokio::test(start_paused = true)]
async fn a_lane_that_fails_is_tried_again_alone() {
    let mut scene = Scene::new(&["a", "b", "c"], 8).await;
    let began = Instant::now();
    assert_eq!(scene.call().await, ["a", "b", "c"]);
    scene.answer(vec![Ok(()), Err(failure("busy", false))]).await;
    let again = scene.call().await;
    assert_eq!((again, began.elapsed().as_millis()), (vec!["b".to_owned(), "c".to_owned()], 200));
    scene.answer(vec![Ok(()); 9]).await;
    scene.end(2).await;
}

/// `X4`: a call that is overdue is dropped; all lanes in it are tried again, none is in two calls.
#[tokio::test(start_paused = true)]
async fn an_overdue_call_is_tried_again() {
    let mut scene = Scene::new(&["a", "b", "c", "d"], 2).await;
    let began = Instant::now();
    assert_eq!(scene.call().await, ["a", "b", "c"]);
    assert_eq!(scene.call().await, ["d"]);
    let mut again = scene.call().await;
    again.extend(scene.call().await);
    again.sort_unstable();
    assert_eq!(again, ["a", "b", "c", "d"]);
    assert_eq!(began.elapsed().as_millis(), 30_200);
    for _ in 0..2 {
        scene.answer(vec![Ok(()); 3]).await;
    }
    scene.end(4).await;
}
