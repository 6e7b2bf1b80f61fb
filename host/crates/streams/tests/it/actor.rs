//! The actor on tokio, with paused time: what a subscriber, a producer and a stop see.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use matching::Match;
use stream_rules::{AdvanceError, AdvanceItem, Failure, Lane, Mode, OnFailed, Policy, PollEnd, StreamKey, Verdict};
use streams::{
    Ended, Exit, GroupStatus, PauseError, Producer, Read, Reader, Seen, SourceError, Streams, Subscribe, SubscribeError,
};
use tokio::sync::{Mutex, mpsc};
use trigger_host_types::TriggerId;

use crate::shapes::{emit, raw};

type Feed = Arc<Mutex<mpsc::Receiver<Read>>>;

struct Broker {
    feed: Feed,
    advanced: mpsc::Sender<Vec<String>>,
    opened: AtomicUsize,
    closed: AtomicUsize,
    /// Calls of advance that fail, then that hang.
    fails: AtomicUsize,
    hangs: AtomicUsize,
    /// Calls of close that fail, then that hang.
    close_fails: AtomicUsize,
    close_hangs: AtomicUsize,
}

struct Source(Feed);

#[async_trait]
impl Reader for Source {
    async fn read(&mut self, _max: usize) -> Result<Read, SourceError> {
        self.0.lock().await.recv().await.ok_or_else(|| SourceError("gone".into()))
    }
}

fn counts_down(left: &AtomicUsize) -> bool {
    left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
}

#[async_trait]
impl Producer for Broker {
    async fn open(&self) -> Result<Box<dyn Reader>, SourceError> {
        self.opened.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(Source(self.feed.clone())))
    }

    async fn advance(&self, _lane: &Lane, items: &[AdvanceItem]) -> Result<(), AdvanceError> {
        if counts_down(&self.fails) {
            return Err(AdvanceError { what: "busy".into(), fatal: false, retry_after: None });
        }
        if counts_down(&self.hangs) {
            std::future::pending::<()>().await;
        }
        let names = items.iter().map(|item| String::from_utf8_lossy(&item.payload).into_owned());
        self.advanced.send(names.collect()).await.expect("the test listens");
        Ok(())
    }

    async fn rewind(&self, _lane: &Lane, _payload: &Bytes) -> Result<(), SourceError> {
        Ok(())
    }

    async fn close(&self) -> Result<(), SourceError> {
        self.closed.fetch_add(1, Ordering::SeqCst);
        if counts_down(&self.close_fails) {
            return Err(SourceError("the broker is away".into()));
        }
        if counts_down(&self.close_hangs) {
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}

struct Scene {
    streams: Streams,
    broker: Arc<Broker>,
    source: mpsc::Sender<Read>,
    advanced: mpsc::Receiver<Vec<String>>,
}

impl Scene {
    fn new() -> Self {
        let (source, feed) = mpsc::channel(16);
        let (advanced, listen) = mpsc::channel(16);
        let broker = Broker {
            feed: Arc::new(Mutex::new(feed)),
            advanced,
            opened: AtomicUsize::new(0),
            closed: AtomicUsize::new(0),
            fails: AtomicUsize::new(0),
            hangs: AtomicUsize::new(0),
            close_fails: AtomicUsize::new(0),
            close_hangs: AtomicUsize::new(0),
        };
        Self { streams: Streams::start(), broker: Arc::new(broker), source, advanced: listen }
    }

    fn subscribe(&self, trigger: i64) -> Subscribe {
        Subscribe {
            trigger: TriggerId(trigger),
            key: StreamKey::of_class("demo.Queue".into(), "q"),
            wanted: Match::default(),
            mode: Mode::Ack,
            policy: Policy { on_failed: OnFailed::Pass, ..Policy::safe() },
            producer: self.broker.clone(),
            cohort: vec![TriggerId(1)],
        }
    }

    /// The only group there is.
    async fn group(&self) -> GroupStatus {
        let mut groups = self.streams.status().await;
        assert_eq!(groups.len(), 1, "{groups:?}");
        groups.remove(0)
    }

    async fn feed(&self, names: &[&str]) {
        let events = names.iter().map(|name| raw(name, "x")).collect();
        self.source.send(Read { events, end: None }).await.expect("it is read");
    }
}

#[tokio::test(start_paused = true)]
async fn from_the_source_to_the_broker_and_out() {
    let mut scene = Scene::new();
    let one = scene.streams.subscribe(scene.subscribe(1)).await.expect("it joins");
    let two = scene.streams.subscribe(scene.subscribe(2)).await.expect("it joins");
    let again = scene.streams.subscribe(scene.subscribe(2)).await;
    assert_eq!(again.err(), Some(SubscribeError::AlreadySubscribed(TriggerId(2))));
    scene.feed(&["e1", "e2"]).await;
    assert_eq!(one.next(10).await.expect("events").len(), 2);
    assert_eq!(two.next(1).await.expect("events").len(), 1);
    let seqs = one.verdicts(vec![emit(1), Verdict::Skip]).await.expect("they fit");
    two.verdicts(vec![Verdict::Skip]).await.expect("they fit");
    one.confirmer().confirm(seqs.into_iter().flatten().collect()).await;
    assert_eq!(scene.advanced.recv().await, Some(vec!["e1".to_owned()]));
    drop((one, two));
    scene.streams.stop().await;
    assert_eq!(scene.broker.opened.load(Ordering::SeqCst), 1);
    assert_eq!(scene.broker.closed.load(Ordering::SeqCst), 1);
    assert_eq!(scene.streams.subscribe(scene.subscribe(3)).await.err(), Some(SubscribeError::Stopping));
}

/// `T3`, `L3`, `L4`: everyone is told, and whoever comes next gets a fresh group.
#[tokio::test(start_paused = true)]
async fn a_group_that_ends_is_replaced() {
    let scene = Scene::new();
    let old = scene.streams.subscribe(scene.subscribe(1)).await.expect("it joins");
    scene.source.send(Read { events: vec![], end: Some(PollEnd::Terminated) }).await.expect("it is read");
    assert_eq!(old.next(1).await, Err(Ended::Failed(Failure::PollTerminated)));
    assert_eq!(old.next(1).await, Err(Ended::Over));
    let new = scene.streams.subscribe(scene.subscribe(1)).await.expect("a fresh group");
    scene.feed(&["e1"]).await;
    assert_eq!(new.next(1).await.map(|batch| batch.len()), Ok(1));
    drop((old, new));
    scene.streams.stop().await;
    assert_eq!(scene.broker.opened.load(Ordering::SeqCst), 2);
}

/// `P7`, `X4`: an advance that fails and one that hangs are both repeated.
#[tokio::test(start_paused = true)]
async fn advances_are_repeated() {
    let mut scene = Scene::new();
    scene.broker.fails.store(2, Ordering::SeqCst);
    scene.broker.hangs.store(1, Ordering::SeqCst);
    let of = scene.streams.subscribe(scene.subscribe(1)).await.expect("it joins");
    scene.feed(&["e1"]).await;
    of.next(1).await.expect("an event");
    of.verdicts(vec![Verdict::Skip]).await.expect("it fits");
    assert_eq!(scene.advanced.recv().await, Some(vec!["e1".to_owned()]));
    drop(of);
    scene.streams.stop().await;
}

/// A batch that is handed to somebody who no longer waits is failed, not lost and not acked.
#[tokio::test(start_paused = true)]
async fn a_dropped_request_fails_its_batch() {
    let mut scene = Scene::new();
    let of = scene.streams.subscribe(scene.subscribe(1)).await.expect("it joins");
    let given_up = tokio::time::timeout(Duration::from_secs(5), of.next(1)).await;
    assert!(given_up.is_err(), "there is nothing yet");
    let began = tokio::time::Instant::now();
    scene.feed(&["e1"]).await;
    assert_eq!(scene.advanced.recv().await, Some(vec!["e1".to_owned()]), "failed, and passed as the policy says");
    assert_eq!(began.elapsed(), Duration::ZERO, "and not only when it was overdue");
    assert_eq!(of.counts().await.map(|counts| counts.outstanding), Some(0));
    drop(of);
    scene.streams.stop().await;
}

/// Numbers that nobody took are not waited for: neither when the answer was under way, nor when there was nobody to
/// answer to.
#[tokio::test(start_paused = true)]
async fn numbers_that_nobody_took_are_abandoned() {
    for is_answered in [true, false] {
        let mut scene = Scene::new();
        let of = scene.streams.subscribe(scene.subscribe(1)).await.expect("it joins");
        scene.feed(&["e1"]).await;
        assert_eq!(of.next(1).await.map(|batch| batch.len()), Ok(1));
        let mut verdicts = Box::pin(of.verdicts(vec![Verdict::Emit { events: 2 }]));
        let asked = std::future::poll_fn(|context| std::task::Poll::Ready(verdicts.as_mut().poll(context)));
        assert!(asked.await.is_pending(), "the group has yet to answer");
        while is_answered && of.counts().await.is_some_and(|counts| counts.unconfirmed == 0) {}
        drop(verdicts);
        assert_eq!(scene.advanced.recv().await, Some(vec!["e1".to_owned()]), "failed, and passed as the policy says");
        drop(of);
        scene.streams.stop().await;
    }
}

/// A trigger that is gone holds no lane up; one that may come back is waited for.
#[tokio::test(start_paused = true)]
async fn who_leaves_for_good_is_not_waited_for() {
    for for_good in [true, false] {
        let mut scene = Scene::new();
        let policy = Policy::safe();
        let exit = Exit::default();
        let stays = scene.streams.subscribe(Subscribe { policy, ..scene.subscribe(1) }).await.expect("it joins");
        let leaves = scene.streams.subscribe(Subscribe { policy, ..scene.subscribe(2) }).await.expect("it joins");
        let leaves = leaves.leaving_by(exit.clone());
        scene.feed(&["e1", "e2"]).await;
        leaves.next(1).await.expect("an event, and one that waits for it");
        stays.next(2).await.expect("both");
        stays.verdicts(vec![Verdict::Skip, Verdict::Skip]).await.expect("they fit");
        let began = tokio::time::Instant::now();
        if for_good {
            exit.for_good();
        }
        drop(leaves);
        assert_eq!(scene.advanced.recv().await, Some(vec!["e1".to_owned(), "e2".to_owned()]));
        assert_eq!(began.elapsed().is_zero(), for_good, "{:?}", began.elapsed());
        drop(stays);
        scene.streams.stop().await;
    }
}

/// `WK2`: a trigger that leaves with its event still to be stored is waited for, and can still be confirmed.
#[tokio::test(start_paused = true)]
async fn a_one_shot_trigger_commits() {
    let mut scene = Scene::new();
    let of = scene.streams.subscribe(scene.subscribe(1)).await.expect("it joins");
    scene.feed(&["e1"]).await;
    of.next(1).await.expect("an event");
    let seqs = of.verdicts(vec![emit(1)]).await.expect("it fits");
    let confirmer = of.confirmer();
    drop(of);
    confirmer.confirm(seqs.into_iter().flatten().collect()).await;
    assert_eq!(scene.advanced.recv().await, Some(vec!["e1".to_owned()]));
    scene.streams.stop().await;
    assert_eq!(scene.broker.closed.load(Ordering::SeqCst), 1);
}

/// `D1`: reading begins when the last one who is expected has joined or is known not to come.
#[tokio::test(start_paused = true)]
async fn the_cohort_is_waited_for() {
    let scene = Scene::new();
    let subscribe = Subscribe { cohort: vec![TriggerId(1), TriggerId(2)], ..scene.subscribe(1) };
    let key = subscribe.key.clone();
    let began = tokio::time::Instant::now();
    let of = scene.streams.subscribe(subscribe).await.expect("it joins");
    scene.feed(&["e1"]).await;
    let early = tokio::time::timeout(Duration::from_secs(1), of.counts()).await;
    assert!(early.is_ok() && scene.broker.opened.load(Ordering::SeqCst) == 0);
    scene.streams.not_coming(key, TriggerId(2)).await;
    assert!(of.next(1).await.is_ok());
    assert_eq!(began.elapsed(), Duration::ZERO, "the rest of the grace was not waited for");
    drop(of);
    scene.streams.stop().await;
}

/// `X1`: whoever waits when everything stops is told that it is over.
#[tokio::test(start_paused = true)]
async fn stopping_wakes_those_who_wait() {
    let scene = Scene::new();
    let of = scene.streams.subscribe(scene.subscribe(1)).await.expect("it joins");
    let waits = async {
        let ended = of.next(1).await;
        drop(of);
        ended
    };
    let ((), ended) = tokio::join!(scene.streams.stop(), waits);
    assert_eq!(ended, Err(Ended::Over));
}

/// `C2`, `X4`: closing that fails, or that never ends, holds up neither the group that comes next nor the stop.
#[tokio::test(start_paused = true)]
async fn a_close_that_fails_or_hangs_goes_no_further() {
    let scene = Scene::new();
    scene.broker.close_fails.store(1, Ordering::SeqCst);
    scene.broker.close_hangs.store(1, Ordering::SeqCst);
    for life in 1..=2 {
        let of = scene.streams.subscribe(scene.subscribe(1)).await.expect("it joins");
        let name = format!("e{life}");
        scene.feed(&[name.as_str()]).await;
        assert_eq!(of.next(1).await.map(|batch| batch.len()), Ok(1));
        of.verdicts(vec![Verdict::Skip]).await.expect("it fits");
        scene.source.send(Read { events: vec![], end: Some(PollEnd::Terminated) }).await.expect("it is read");
        assert_eq!(of.next(1).await, Err(Ended::Failed(Failure::PollTerminated)));
    }
    let stopped = tokio::time::timeout(Duration::from_secs(600), scene.streams.stop()).await;
    assert_eq!(stopped, Ok(()), "the close that hangs has a limit");
    assert_eq!(scene.broker.opened.load(Ordering::SeqCst), 2);
    assert_eq!(scene.broker.closed.load(Ordering::SeqCst), 2, "each once, however it ended");
}

/// An operator's pause: no further read, not even by the group that comes after this one; what comes of it is seen.
#[tokio::test(start_paused = true)]
async fn a_pause_outlives_its_group() {
    let scene = Scene::new();
    let one = scene.streams.subscribe(scene.subscribe(1)).await.expect("it joins");
    scene.feed(&["e1"]).await;
    assert!(one.next(1).await.is_ok());
    one.verdicts(vec![Verdict::Skip]).await.expect("it fits");
    let group = scene.group().await;
    assert_eq!((group.state(), group.source, group.paused), ("reading", Some("guest"), false));
    scene.streams.pause(group.key.clone()).await.expect("it is there");
    assert_eq!(scene.group().await.state(), "paused");
    scene.feed(&["e2"]).await;
    assert!(one.next(1).await.is_ok(), "the read that was under way");
    one.verdicts(vec![Verdict::Skip]).await.expect("it fits");
    scene.feed(&["e3"]).await;
    let waits = tokio::time::timeout(Duration::from_secs(60), one.next(1)).await;
    assert!(waits.is_err(), "not read");
    drop(one);
    while scene.broker.closed.load(Ordering::SeqCst) == 0 {
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    tokio::task::yield_now().await;
    assert_eq!(scene.group().await.seen, Seen::NoGroup);
    let two = scene.streams.subscribe(scene.subscribe(1)).await.expect("a fresh group");
    let mut next = Box::pin(two.next(1));
    assert!(tokio::time::timeout(Duration::from_secs(60), &mut next).await.is_err());
    assert_eq!(scene.broker.opened.load(Ordering::SeqCst), 1, "not opened again");
    let fresh = scene.group().await;
    assert!(fresh.id != group.id && fresh.paused, "{fresh:?}");
    let other = StreamKey::global("q");
    assert_eq!(scene.streams.pause(other.clone()).await, Err(PauseError::NoSuchStream));
    assert_eq!(scene.streams.resume(other).await, Err(PauseError::NoSuchStream));
    scene.streams.resume(fresh.key).await.expect("it is there");
    let read = tokio::time::timeout(Duration::from_secs(60), next).await;
    assert_eq!(read.map(|batch| batch.map(|batch| batch.len())), Ok(Ok(1)), "e3 was still there");
    assert_eq!(scene.group().await.state(), "reading");
    drop(two);
    scene.streams.stop().await;
    assert_eq!(scene.streams.status().await, []);
    let totals = scene.streams.totals()["guest"];
    assert_eq!((totals.reads, totals.read), (3, 3), "of both groups");
}

/// A group that takes nobody any more is listed until it is over.
#[tokio::test(start_paused = true)]
async fn a_draining_group_is_seen() {
    let scene = Scene::new();
    scene.broker.hangs.store(1, Ordering::SeqCst);
    let of = scene.streams.subscribe(scene.subscribe(1)).await.expect("it joins");
    scene.feed(&["e1"]).await;
    of.next(1).await.expect("an event");
    of.verdicts(vec![Verdict::Skip]).await.expect("it fits");
    drop(of);
    let new = scene.streams.subscribe(scene.subscribe(2)).await.expect("a fresh group");
    let states: Vec<_> = scene.streams.status().await.iter().map(GroupStatus::state).collect();
    assert_eq!(states, ["draining", "grace"]);
    drop(new);
    scene.streams.stop().await;
}
