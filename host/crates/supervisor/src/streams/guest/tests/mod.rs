//! The upstream around a guest that does what a test says, in virtual time.

mod component;
mod counted;
mod queue;

use std::collections::VecDeque;
use std::time::Duration;

use async_trait::async_trait;
use sandbox::{Advanced, Demand, EndReason, GuestError, Message, ReadBatch, Settled};
use stream_rules::Outcome;
use tokio::time::Instant;

use super::*;

/// What it is asked is written down, what it answers is made by the test.
struct Scripted {
    reads: Mutex<VecDeque<Result<ReadBatch, EndReason>>>,
    advances: Mutex<VecDeque<Result<Advanced, EndReason>>>,
    extends: Mutex<VecDeque<Result<(), EndReason>>>,
    asked: Mutex<Vec<String>>,
    began: Instant,
}

impl Scripted {
    fn note(&self, what: String) {
        self.asked.lock().push(format!("{} {what}", self.began.elapsed().as_secs_f32()));
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock())
    }
}

#[async_trait]
impl Guest for Scripted {
    fn wait(&self) -> Duration {
        Duration::from_secs(20)
    }

    async fn read(&self, cursor: Option<String>, demand: Demand) -> Result<ReadBatch, EndReason> {
        self.note(format!("read {} {}", cursor.unwrap_or_default(), demand.most));
        let next = self.reads.lock().pop_front();
        match next {
            Some(answer) => answer,
            None => std::future::pending().await,
        }
    }

    async fn advance(&self, batch: Vec<Settled>) -> Result<Advanced, EndReason> {
        let batch: Vec<String> = batch.iter().map(|one| format!("{:?}:{}", one.receipt, one.accepted)).collect();
        self.note(format!("advance {}", batch.join(" ").replace("b\"", "").replace('"', "")));
        self.advances.lock().pop_front().unwrap_or(Ok(Advanced::Except(Vec::new())))
    }

    async fn extend(&self, receipts: Vec<Vec<u8>>, hold_ms: u32) -> Result<(), EndReason> {
        let receipts: Vec<String> = receipts.into_iter().map(|receipt| String::from_utf8(receipt).unwrap()).collect();
        self.note(format!("extend {} {hold_ms}", receipts.join(" ")));
        self.extends.lock().pop_front().unwrap_or(Ok(()))
    }
}

fn scripted(reads: impl IntoIterator<Item = Result<ReadBatch, EndReason>>) -> (Arc<Scripted>, GuestUpstream) {
    let guest = Arc::new(Scripted {
        reads: Mutex::new(reads.into_iter().collect()),
        advances: Mutex::default(),
        extends: Mutex::default(),
        asked: Mutex::default(),
        began: Instant::now(),
    });
    (Arc::clone(&guest), GuestUpstream::calling("orders".into(), guest))
}

fn batch(receipts: &[&str], cursor: &str, hold_ms: Option<u32>) -> Result<ReadBatch, EndReason> {
    let message = |receipt: &&str| Message {
        data: format!("data of {receipt}").into(),
        receipt: (*receipt).to_owned().into(),
        lane: receipt[..1].to_owned().into(),
    };
    Ok(ReadBatch { messages: receipts.iter().map(message).collect(), cursor: Some(cursor.to_owned()), hold_ms })
}

fn bad() -> EndReason {
    EndReason::BadAnswer { what: "message 7 of a batch of 2 is not done".to_owned() }
}

fn fails() -> Result<ReadBatch, EndReason> {
    Err(EndReason::Guest(GuestError::Failed { message: "no answer".to_owned(), details: Vec::new() }))
}

/// What their lane and their receipts are.
fn advance(receipts: &[&str]) -> Advance {
    let mut outcome = Outcome::default();
    outcome.acked = 1;
    let item = |receipt: &&str| AdvanceItem { payload: (*receipt).to_owned().into(), outcome };
    Advance { lane: Lane(receipts[0][..1].to_owned().into()), items: receipts.iter().map(item).collect() }
}

/// Lets `for_so_long` go by.
async fn pass(for_so_long: Duration) {
    let _ = tokio::time::timeout(for_so_long, std::future::pending::<()>()).await;
}

#[tokio::test(start_paused = true)]
async fn reads_go_on_from_the_cursor() {
    let (guest, upstream) =
        scripted([batch(&["a1", "b1"], "1", None), batch(&[], "2", None), fails(), batch(&["a2"], "3", None)]);
    let mut reader = upstream.open().await.unwrap();
    let read = reader.read(5_000).await.unwrap();
    let seen = |raw: &stream_rules::Raw| (raw.payload.clone(), raw.lane.clone());
    let first = [("a1".into(), Lane("a".into())), ("b1".into(), Lane("b".into()))];
    assert_eq!((read.events.iter().map(seen).collect::<Vec<_>>(), read.end), (first.to_vec(), None));
    assert_eq!(read.events[0].data, "data of a1");
    assert_eq!(reader.read(7).await.unwrap().events.len(), 1);
    // Nothing: once a second. A failure: half a second, and from where it was.
    assert_eq!(guest.asked(), ["0 read  1000", "0 read 1 7", "1 read 2 7", "1.5 read 2 7"]);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_fails_is_asked_less_and_less_and_then_no_more() {
    let (guest, upstream) = scripted((0..20).map(|_| fails()));
    let error = upstream.open().await.unwrap().read(10).await.err().unwrap();
    assert_eq!(error.0, "source `orders` cannot be read (8 times in a row): no answer");
    let asked = guest.asked();
    assert_eq!((asked.len(), asked[7].as_str()), (8, "61.5 read  10"));

    let never = || Err(EndReason::Guest(GuestError::InvalidKwargs("no field `queue`".to_owned())));
    let (guest, upstream) = scripted([never(), never()]);
    assert!(upstream.open().await.unwrap().read(10).await.is_err());
    assert_eq!(guest.asked().len(), 1, "parameters that do not fit never will");
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_floods_is_asked_for_less() {
    let (guest, upstream) = scripted([Err(bad()), Err(bad()), batch(&["a1"], "1", None), batch(&["a2"], "2", None)]);
    let mut reader = upstream.open().await.unwrap();
    for _ in 0..2 {
        reader.read(100).await.unwrap();
    }
    assert_eq!(guest.asked(), ["0 read  100", "0.5 read  25", "1.5 read  6", "1.5 read 1 7"]);
}

#[tokio::test(start_paused = true)]
async fn only_what_is_not_done_is_advanced_again() {
    let (guest, upstream) = scripted([]);
    guest.advances.lock().push_back(Ok(Advanced::Except(vec![(1, "busy".to_owned())])));
    let advances = [advance(&["a1", "a2"]), advance(&["b1"])];
    let results = upstream.advance_many(&advances).await;
    assert_eq!(results[0].as_ref().map_err(|error| (&*error.what, error.fatal)), Err(("busy", false)));
    assert_eq!(results[1], Ok(()), "another lane");
    assert_eq!(upstream.advance(&advances[0].lane, &advances[0].items).await, Ok(()));
    assert_eq!(guest.asked(), ["0 advance a1:1 a2:1 b1:1", "0 advance a2:1"]);
    // It is remembered no longer than the batch is open.
    assert_eq!(upstream.advance(&advances[0].lane, &advances[0].items).await, Ok(()));
    assert_eq!(guest.asked(), ["0 advance a1:1 a2:1"]);
}

#[tokio::test(start_paused = true)]
async fn one_receipt_twice_is_done_when_both_are() {
    let (guest, upstream) = scripted([]);
    guest.advances.lock().push_back(Ok(Advanced::Except(vec![(1, "busy".to_owned())])));
    let twice = advance(&["a1", "a1"]);
    assert!(upstream.advance(&twice.lane, &twice.items).await.is_err());
    assert_eq!(upstream.advance(&twice.lane, &twice.items).await, Ok(()));
    assert_eq!(guest.asked(), ["0 advance a1:1 a1:1", "0 advance a1:1 a1:1"]);
}

#[tokio::test(start_paused = true)]
async fn behind_what_is_not_done_its_lane_waits() {
    let (guest, upstream) = scripted([]);
    let many: Vec<String> = (0..501).map(|number| format!("a{number}")).collect();
    let long = advance(&many.iter().map(String::as_str).collect::<Vec<_>>());
    guest.advances.lock().push_back(Ok(Advanced::Except(vec![(3, "busy".to_owned())])));
    let results = upstream.advance_many(&[long.clone(), advance(&["b1"])]).await;
    assert!(results[0].is_err() && results[1].is_ok());
    assert_eq!(guest.asked()[1..], ["0 advance b1:1"], "the last of the first lane is not tried");
    assert_eq!(upstream.advance(&long.lane, &long.items).await, Ok(()));
    assert_eq!(guest.asked(), ["0 advance a3:1 a500:1"]);
}

#[tokio::test(start_paused = true)]
async fn what_an_acker_says_of_a_batch_is_passed_on() {
    let (guest, upstream) = scripted([]);
    let one = advance(&["a1"]);
    for (answer, fatal, retry_after) in [
        (Ok(Advanced::Retry("busy".to_owned(), Some(3_000))), false, Some(3)),
        (Ok(Advanced::Retry("for ever".to_owned(), Some(u64::MAX))), false, Some(300)),
        (Ok(Advanced::Retry("busy".to_owned(), None)), false, None),
        (Ok(Advanced::Fatal("gone".to_owned())), true, None),
        (Err(bad()), false, None),
    ] {
        guest.advances.lock().push_back(answer.clone());
        let error = upstream.advance(&one.lane, &one.items).await.unwrap_err();
        assert_eq!((error.fatal, error.retry_after), (fatal, retry_after.map(Duration::from_secs)), "{answer:?}");
    }
    assert!(upstream.rewind(&one.lane, &"a1".into()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn what_is_open_is_kept_until_it_is_settled() {
    let (guest, upstream) = scripted([batch(&["a1", "a2", "b1"], "1", Some(30_000))]);
    upstream.open().await.unwrap().read(10).await.unwrap();
    guest.asked();
    guest.advances.lock().push_back(Ok(Advanced::Except(vec![(1, "busy".to_owned())])));
    let lane = advance(&["a1", "a2"]);
    assert!(upstream.advance(&lane.lane, &lane.items).await.is_err());
    guest.extends.lock().push_back(Err(bad()));
    guest.asked();
    pass(Duration::from_secs(44)).await;
    // Two thirds of the hold; then, since that failed, half of what is left; then two thirds again.
    assert_eq!(guest.asked(), ["20 extend a2 b1 30000", "25 extend a2 b1 30000"]);
    assert_eq!(upstream.advance(&lane.lane, &lane.items).await, Ok(()));
    pass(Duration::from_secs(2)).await;
    assert_eq!(guest.asked(), ["44 advance a2:1", "45 extend b1 30000"]);
    let shared = Arc::downgrade(&upstream.shared);
    drop(upstream);
    pass(Duration::from_secs(60)).await;
    assert_eq!((guest.asked().len(), shared.strong_count()), (0, 0), "the task went with it");
}
