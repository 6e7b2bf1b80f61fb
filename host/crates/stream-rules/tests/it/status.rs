//! What an operator sees of a group.

use std::time::Duration;

use matching::{Condition, Match};
use serde_json::json;
use stream_rules::recorded::Ruling;
use stream_rules::status::{LANES, SUBSCRIBERS, State, Status, Wait};
use stream_rules::{FailedBy, Mode, OnFailed, Policy, PollEnd, QueueFull, Verdict};
use trigger_host_types::TriggerId;

use crate::play::{Play, emit, failure, raw, safe};

fn status(play: &Play) -> Status {
    play.group.status(play.now)
}

fn state(play: &Play) -> State {
    status(play).state
}

fn waits(play: &Play) -> Vec<(String, u64, Wait)> {
    let lanes = status(play).lanes.into_iter();
    lanes.map(|of| (String::from_utf8_lossy(&of.lane.0).into_owned(), of.age.as_secs(), of.waits_for)).collect()
}

fn subscribers(undecided: &[i64], unstored: usize) -> Wait {
    let undecided: Vec<TriggerId> = undecided.iter().copied().map(TriggerId).collect();
    Wait::Subscribers { undecided_total: undecided.len(), undecided, unstored }
}

#[test]
fn each_state_is_told() {
    let policy = Policy { grace: Duration::from_secs(2), queue: 2, max_outstanding: Some(3), ..safe() };
    let mut play = Play::unopened(policy, Mode::Ack);
    let of = play.join(1);
    assert_eq!(state(&play), State::Grace);
    play.tick(2);
    assert_eq!(state(&play), State::Opening);
    play.group.opened(play.now, &mut play.effects);
    assert_eq!((state(&play), status(&play).reading), (State::Reading, true));
    assert_eq!((status(&play).mode, status(&play).last_read), (Mode::Ack, None));
    play.read(&[("e1", "x"), ("e2", "x")]);
    assert_eq!((state(&play), status(&play).reading), (State::Blocked, false));
    play.pull_many(of, 1);
    assert_eq!(state(&play), State::Reading);
    play.read(&[("e3", "x")]);
    assert_eq!(state(&play), State::Full, "and blocked too");
    play.group.pause();
    assert_eq!(state(&play), State::Paused);
    play.group.resume(play.now, &mut play.effects);
    let seqs: Vec<_> = play.verdicts(of, &[emit(1)]).into_iter().flatten().collect();
    play.leave(of);
    assert_eq!(state(&play), State::Lingering);
    play.confirm(&seqs);
    assert_eq!(state(&play), State::Draining);
    let (batch, _, _) = play.advances().remove(0);
    play.returned(batch, Ok(()));
    play.tick(300);
    while let Some((batch, _, _)) = play.advances().pop() {
        play.returned(batch, Ok(()));
    }
    assert_eq!(state(&play), State::Closing);
    play.group.closed(&mut play.effects);
    assert_eq!(state(&play), State::Ended);
}

#[test]
fn nobody_to_read_for() {
    let mut play = Play::new(Policy { queue_full: QueueFull::Fail, queue: 1, ..safe() }, Mode::Ack);
    play.join(1);
    play.read(&[("e1", "x"), ("e2", "x")]);
    let seen = status(&play);
    assert_eq!(seen.state, State::Idle);
    assert!(seen.subscribers[0].failed);
    let overflow = seen.totals.failed_by().find(|(by, _)| *by == FailedBy::Overflow);
    assert_eq!(overflow, Some((FailedBy::Overflow, 2)));
}

/// Verdict, storage, broker, repetition, another offer: in the order of their age.
#[test]
fn lanes_say_what_they_wait_for() {
    let policy = Policy {
        on_failed: OnFailed::Hold { attempts: 1, wait: Duration::from_secs(5), at_most: Duration::MAX },
        ..safe()
    };
    let mut play = Play::new(policy, Mode::Ack);
    let (one, two) = (play.join(1), play.join(2));
    for name in ["a", "b", "c", "d"] {
        play.read(&[(name, name)]);
        play.tick(1);
    }
    assert_eq!(waits(&play)[0], ("a".to_owned(), 4, subscribers(&[1, 2], 0)));
    play.pull_many(one, 9);
    play.pull_many(two, 9);
    let seqs = play.verdicts(one, &[emit(2), Verdict::Skip, Verdict::Skip, Verdict::Skip]);
    play.group.call_failed(two, play.now, &mut play.effects);
    assert_eq!(waits(&play)[0], ("a".to_owned(), 4, subscribers(&[], 2)));
    let held = Wait::Held { failed: vec![TriggerId(2)], failed_total: 1 };
    assert_eq!(waits(&play)[1], ("b".to_owned(), 3, held));
    play.leave(two);
    play.read(&[("e", "e")]);
    play.pull(one);
    play.verdicts(one, &[Verdict::Skip]);
    let (batch, lane, _) = play.advances().remove(0);
    assert_eq!((lane.as_str(), &waits(&play)[4]), ("e", &("e".to_owned(), 0, Wait::Advance { items: 1, call: 1 })));
    play.returned(batch, Err(failure("busy", false)));
    let retry = Wait::Retry { items: 1, calls: 1, wait: Duration::from_millis(200) };
    assert_eq!(waits(&play)[4], ("e".to_owned(), 0, retry));
    play.confirm(&seqs.into_iter().flatten().collect::<Vec<_>>());
    assert_eq!(status(&play).oldest, Some(Duration::from_secs(4)));
    assert_eq!(status(&play).last_read, Some(Duration::ZERO));
    let totals = status(&play).totals;
    assert_eq!((totals.reads, totals.read, totals.advances, totals.advances_failed), (5, 5, 0, 1));
    play.tick(1);
    play.advance();
    assert_eq!((status(&play).totals.advances, status(&play).totals.advanced), (1, 1));
}

/// `P2` rewind and `P4`: the two others.
#[test]
fn lanes_wait_for_the_producer_or_their_turn() {
    let mut policy = Policy { on_failed: OnFailed::Rewind { attempts: 1 }, ..safe() };
    policy.advance.max_in_flight = 1;
    let mut play = Play::new(policy, Mode::Ack);
    let of = play.join(1);
    play.read(&[("a", "a"), ("b", "b"), ("c", "c")]);
    play.pull_many(of, 1);
    play.group.call_failed(of, play.now, &mut play.effects);
    play.pull_many(of, 9);
    play.verdicts(of, &[Verdict::Skip; 2]);
    let mut seen: Vec<_> = waits(&play).into_iter().map(|(lane, _, wait)| (lane, wait)).collect();
    seen.sort_by_key(|(lane, _)| lane.clone());
    let advance = Wait::Advance { items: 1, call: 1 };
    assert_eq!(seen, [("a".to_owned(), Wait::Rewind), ("b".to_owned(), advance), ("c".to_owned(), Wait::Turn)]);
}

#[test]
fn subscribers_say_how_far_they_are() {
    let mut play = Play::new(Policy { queue: 9, ..safe() }, Mode::Ack);
    let (quick, slow) = (play.join(1), play.join(2));
    let some = Match::new(vec![Condition::one_of("/n", &[json!(3)]).expect("a scalar")]).expect("it is one");
    let picky = play.group.join(TriggerId(3), some, play.now, &mut play.effects).expect("it joins");
    let events: Vec<String> = (0..5).map(|n| json!({"n": n}).to_string()).collect();
    let events = events.iter().map(|event| raw(event, "x")).collect();
    play.group.read(events, None, play.now, &mut play.effects);
    play.pull_many(quick, 5);
    let plain = [emit(1), Verdict::Reject, Verdict::Skip, Verdict::Skip].map(Ruling::Verdict);
    play.rulings(quick, &[&plain[..], &[Ruling::Hold]].concat());
    play.pull_many(slow, 2);
    let seen = status(&play);
    let shown = |of: &stream_rules::status::SubscriberStatus| (of.trigger.0, of.queued, of.in_hand, of.unsettled);
    assert_eq!(seen.subscribers.iter().map(shown).collect::<Vec<_>>(), [(2, 3, 2, 0), (3, 1, 0, 0), (1, 0, 0, 2)]);
    assert_eq!((seen.lag, seen.counts.outstanding), (3, 5));
    assert_eq!((seen.totals.read, seen.totals.skipped, seen.totals.rejected), (5, 4, 1));
    play.leave(picky);
    assert_eq!(status(&play).subscribers.len(), 2);
}

/// However much there is, so much is listed; the totals tell of all of it.
#[test]
fn a_snapshot_is_bounded() {
    let mut play = Play::new(safe(), Mode::Ack);
    let all = i64::try_from(SUBSCRIBERS).expect("it fits") + 20;
    let last = (0..all).map(|trigger| play.join(trigger)).last().expect("there are some");
    let lanes: Vec<String> = (0..LANES + 5).map(|lane| format!("l{lane:02}")).collect();
    for lane in &lanes {
        play.read(&[(lane, lane)]);
        play.tick(1);
    }
    play.pull_many(last, 1);
    let seen = status(&play);
    assert_eq!((seen.subscribers.len(), seen.counts.subscribers), (SUBSCRIBERS, SUBSCRIBERS + 20));
    assert!(seen.subscribers.iter().all(|of| of.trigger != last.trigger()), "the one in front is not among them");
    let shown: Vec<String> = waits(&play).into_iter().map(|(lane, _, _)| lane).collect();
    assert_eq!((&shown[..], seen.counts.lanes), (&lanes[..LANES], LANES + 5), "the oldest, in order");
    let Wait::Subscribers { undecided, undecided_total, .. } = &seen.lanes[0].waits_for else {
        panic!("it waits for subscribers: {:?}", seen.lanes[0]);
    };
    assert_eq!((undecided.len(), *undecided_total), (stream_rules::status::NAMES, SUBSCRIBERS + 20));
    play.end(PollEnd::Terminated);
    assert_eq!(state(&play), State::Closing);
}
