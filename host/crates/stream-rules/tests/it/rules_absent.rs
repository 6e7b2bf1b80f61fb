//! Who left and may come back is waited for (`WK12`): what is read meanwhile is theirs too.

use std::time::Duration;

use stream_rules::recorded::Ruling;
use stream_rules::{Failure, Mode, OnFailed, Policy, PollEnd, SubscriptionId, Verdict};
use trigger_host_types::TriggerId;

use crate::play::{Play, safe};

const GRACE: u64 = 9;

/// A group that is read, with a read under way and two who listen; nothing is to be offered again, so that what is lost
/// shows.
fn two() -> (Play, SubscriptionId, SubscriptionId) {
    let policy = Policy { grace: Duration::from_secs(GRACE), on_failed: OnFailed::Pass, ..safe() };
    let mut play = Play::unopened(policy, Mode::Ack);
    play.tick(GRACE);
    play.group.opened(play.now, &mut play.effects);
    let (stays, goes) = (play.join(1), play.join(2));
    assert!(play.wants_to_read().is_some());
    (play, stays, goes)
}

#[test]
fn what_a_read_gives_waits_for_who_may_come_back() {
    let (mut play, stays, goes) = two();
    play.leave(goes);
    play.read(&[("e1", "x")]);
    assert_eq!(play.pull(stays), None, "it is the other's too");
    assert_eq!(play.wants_to_read(), None);
    play.tick(GRACE - 1);
    let back = play.join(2);
    assert_eq!(play.delivered(stays), ["e1"]);
    assert_eq!(play.pull(back).as_deref(), Some("e1"));
    assert!(play.wants_to_read().is_some(), "and the reading goes on");
    play.verdicts(stays, &[Verdict::Skip]);
    assert!(play.advances().is_empty());
    play.verdicts(back, &[Verdict::Skip]);
    assert_eq!(play.advance(), [("e1".to_owned(), 2, 0, 0)]);
}

#[test]
fn nobody_is_waited_for_longer_than_the_grace() {
    let (mut play, stays, goes) = two();
    play.leave(goes);
    play.read(&[("e1", "x")]);
    play.tick(GRACE - 1);
    assert_eq!(play.pull(stays), None);
    play.tick(1);
    assert_eq!(play.delivered(stays), ["e1"]);
    assert!(play.wants_to_read().is_some());
}

#[test]
fn each_has_its_own_grace() {
    let (mut play, stays, goes) = two();
    let other = play.join(3);
    play.leave(goes);
    play.tick(5);
    play.leave(other);
    play.read(&[("e1", "x")]);
    play.join(2);
    play.tick(5);
    assert_eq!(play.pull(stays), None, "the other one has four seconds");
    play.tick(4);
    assert_eq!(play.delivered(stays), ["e1"]);
}

#[test]
fn who_leaves_for_good_or_does_not_come_is_not_waited_for() {
    let (mut play, stays, goes) = two();
    let other = play.join(3);
    play.group.finish(other, play.now, &mut play.effects);
    play.read(&[("e1", "x")]);
    assert_eq!(play.pull(stays).as_deref(), Some("e1"));
    play.verdicts(stays, &[Verdict::Skip]);
    assert!(play.wants_to_read().is_some());
    play.leave(goes);
    play.group.not_coming(TriggerId(2), &mut play.effects);
    play.read(&[("e2", "x")]);
    assert_eq!(play.pull(stays).as_deref(), Some("e2"));
}

/// One that was too slow leaves too, and is set up anew after a while: its fault is its own.
#[test]
fn who_has_failed_is_not_waited_for() {
    let (mut play, stays, goes) = two();
    play.read(&[("e1", "x")]);
    play.pull(goes);
    play.rulings(goes, &[Ruling::Hold]);
    assert_eq!(play.pull(stays).as_deref(), Some("e1"));
    play.verdicts(stays, &[Verdict::Skip]);
    play.tick(100);
    play.pull(goes);
    assert_eq!(play.failures(), [(2, Failure::AckTimeout)]);
    play.leave(goes);
    play.read(&[("e2", "y")]);
    assert_eq!(play.pull(stays).as_deref(), Some("e2"));
}

/// What was read last, and the end behind it, wait as well: an end that was told at once would settle it without the
/// absent.
#[test]
fn the_end_of_a_stream_waits_too() {
    let (mut play, stays, goes) = two();
    play.leave(goes);
    let events = vec![crate::play::raw("e1", "x")];
    play.group.read(events, Some(PollEnd::Terminated), play.now, &mut play.effects);
    play.pull(stays);
    assert!(play.failures().is_empty() && !play.group.is_evicted());
    play.tick(GRACE);
    assert!(play.group.is_evicted());
}

/// A stream that everybody left while it owes something: what its last read gives is nobody's yet.
#[test]
fn a_stream_that_everybody_left_waits_too() {
    let (mut play, stays, goes) = two();
    play.read(&[("e1", "x")]);
    assert_eq!(play.pull(stays).as_deref(), Some("e1"));
    let seqs = play.verdicts(stays, &[Verdict::Emit { events: 1 }]);
    assert!(play.wants_to_read().is_some());
    play.leave(goes);
    play.leave(stays);
    play.read(&[("e2", "y")]);
    assert!(play.advances().is_empty());
    let first = play.join(1);
    assert_eq!(play.pull(first), None);
    let second = play.join(2);
    assert_eq!(play.delivered(first), ["e2"]);
    assert_eq!(play.pull(second).as_deref(), Some("e2"));
    play.confirm(&[seqs[0].expect("it gates")]);
}
