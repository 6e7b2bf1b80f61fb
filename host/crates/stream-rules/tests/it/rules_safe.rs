//! Our own rules, one test for each weakness (docs/design/shared-streams.md#weaknesses) that they repair.

use std::time::Duration;

use stream_rules::recorded::{Recorded as _, Ruling};
use stream_rules::{
    AdvancePolicy, Effect, EventId, Failure, Mode, NotStored, OnFailed, Policy, QueueFull, Verdict, VerdictError,
};
use trigger_host_types::{Backoff, TriggerId};

use crate::play::{Play, emit, failure, safe};

fn item(name: &str, acked: u32, failed: u32, rejected: u32) -> crate::play::Item {
    (name.to_owned(), acked, failed, rejected)
}

fn hold(attempts: u32) -> OnFailed {
    OnFailed::Hold { attempts, wait: Duration::from_secs(5), at_most: Duration::from_secs(60) }
}

/// `WK1`, `U4`: a filter that fails on an event never acks it; held, the event comes again, then the lane goes past.
#[test]
fn a_failing_filter_is_asked_again_and_never_acks() {
    let mut play = Play::new(Policy { on_failed: hold(1), ..safe() }, Mode::Ack);
    let (bad, good) = (play.join(1), play.join(2));
    play.read(&[("e1", "x"), ("e2", "x")]);
    play.pull_many(good, 9);
    play.verdicts(good, &[Verdict::Skip, Verdict::Skip]);
    play.pull(bad);
    play.group.call_failed(bad, play.now, &mut play.effects);
    assert!(play.advances().is_empty(), "the lane is held");
    assert_eq!(play.pull(bad).as_deref(), Some("e2"));
    play.verdicts(bad, &[Verdict::Skip]);
    play.tick(5);
    assert_eq!(play.pull(bad).as_deref(), Some("e1"), "offered again");
    play.group.call_failed(bad, play.now, &mut play.effects);
    assert_eq!(play.advance(), [item("e1", 1, 1, 0), item("e2", 2, 0, 0)], "and then passed");
}

/// A verdict can say that the filter failed on one raw event: its neighbours keep theirs.
#[test]
fn a_failed_verdict_fails_its_own_raw_event_alone() {
    let mut play = Play::new(Policy { on_failed: hold(1), ..safe() }, Mode::Ack);
    let of = play.join(1);
    play.read(&[("e1", "x"), ("e2", "x"), ("e3", "x")]);
    play.pull_many(of, 9);
    let seqs = play.verdicts(of, &[Verdict::Skip, Verdict::Failed, emit(1)]);
    assert_eq!(play.advance(), [item("e1", 1, 0, 0)], "and then the lane is held");
    play.confirm(&[seqs[0].expect("it gates")]);
    assert!(play.advances().is_empty());
    play.tick(5);
    assert_eq!(play.pull(of).as_deref(), Some("e2"), "offered again");
    play.verdicts(of, &[Verdict::Failed]);
    assert_eq!(play.advance(), [item("e2", 0, 1, 0), item("e3", 1, 0, 0)], "and then passed");
}

/// What will never be stored is not waited for: refused, it is one rejection whatever else was made of it; abandoned,
/// one failure.
#[test]
fn what_is_never_stored_is_settled_once() {
    let mut play = Play::new(Policy { on_failed: OnFailed::Pass, ..safe() }, Mode::Ack);
    let of = play.join(1);
    play.read(&[("e1", "x"), ("e2", "x"), ("e3", "x")]);
    play.pull_many(of, 9);
    let seqs = play.verdicts(of, &[emit(2), emit(2), emit(1)]);
    let seqs: Vec<_> = seqs.into_iter().flatten().collect();
    play.confirm(&seqs[4..]);
    play.group.not_stored([seqs[0]], NotStored::Refused, play.now, &mut play.effects);
    assert_eq!(play.advance(), [item("e1", 0, 0, 1)]);
    play.confirm(&seqs[1..2]);
    play.group.not_stored([seqs[3], seqs[3], seqs[4]], NotStored::Abandoned, play.now, &mut play.effects);
    assert_eq!(play.advance(), [item("e2", 0, 1, 0), item("e3", 1, 0, 0)]);
    assert_eq!(play.group.counts().unconfirmed, 0);
}

/// A one-shot trigger that has its event holds no lane with what it did not look at, and what it emitted is still
/// waited for.
#[test]
fn one_that_is_done_is_not_waited_for() {
    let mut play = Play::new(Policy { on_failed: hold(2), ..safe() }, Mode::Ack);
    let (done, stays) = (play.join(1), play.join(2));
    play.read(&[("e1", "x"), ("e2", "x"), ("e3", "x")]);
    play.pull_many(stays, 9);
    play.verdicts(stays, &[Verdict::Skip, Verdict::Skip, Verdict::Skip]);
    play.pull(done);
    let seqs = play.verdicts(done, &[emit(1)]);
    play.pull(done);
    play.group.finish(done, play.now, &mut play.effects);
    assert!(play.advances().is_empty(), "its event is not stored yet");
    play.confirm(&[seqs[0].expect("it gates")]);
    assert_eq!(play.advance(), [item("e1", 2, 0, 0), item("e2", 2, 0, 0), item("e3", 2, 0, 0)]);
}

/// `WK4`, `P2` hold: when the second offer is accepted, nobody failed it.
#[test]
fn a_second_offer_makes_it_clean() {
    let mut play = Play::new(Policy { on_failed: hold(3), ..safe() }, Mode::Ack);
    let of = play.join(1);
    play.read(&[("e1", "x")]);
    play.pull(of);
    play.group.call_failed(of, play.now, &mut play.effects);
    assert_eq!(play.pull(of), None);
    play.tick(5);
    assert_eq!(play.delivered(of), ["e1"]);
    play.verdicts(of, &[Verdict::Skip]);
    assert_eq!(play.advance(), [item("e1", 1, 0, 0)]);
}

/// `P2` hold: a trigger that never comes back holds its lane only so long, and others not at all.
#[test]
fn a_lane_is_not_held_for_ever() {
    let mut play = Play::new(Policy { on_failed: hold(2), ..safe() }, Mode::Ack);
    let (gone, stays) = (play.join(1), play.join(2));
    play.read(&[("e1", "x"), ("e2", "y")]);
    play.pull_many(stays, 9);
    play.verdicts(stays, &[Verdict::Skip, Verdict::Skip]);
    play.pull(gone);
    play.leave(gone);
    for _ in 0..11 {
        play.tick(5);
        assert!(play.advances().is_empty());
    }
    play.tick(5);
    let mut begun: Vec<_> = play.advances().into_iter().map(|(_, _, items)| items).collect();
    begun.sort();
    assert_eq!(begun, [[item("e1", 1, 1, 0)], [item("e2", 1, 1, 0)]]);
}

/// `P2` hold: a backlog that a leaver failed is passed in one go, not event by event.
#[test]
fn a_backlog_is_not_held_one_by_one() {
    let mut play = Play::new(Policy { on_failed: hold(2), ..safe() }, Mode::Ack);
    let (gone, stays) = (play.join(1), play.join(2));
    play.read(&[("e1", "x"), ("e2", "x"), ("e3", "x")]);
    play.pull_many(stays, 9);
    play.verdicts(stays, &[Verdict::Skip; 3]);
    play.leave(gone);
    (0..12).for_each(|_| play.tick(5));
    assert_eq!(play.advance().len(), 3);
}

/// `P2` hold: a trigger that comes back is given what it failed in one go, in order.
#[test]
fn a_backlog_comes_back_in_one_go() {
    let mut play = Play::new(Policy { on_failed: hold(2), ..safe() }, Mode::Ack);
    let (gone, stays) = (play.join(1), play.join(2));
    play.read(&[("e1", "x"), ("e2", "x"), ("e3", "x")]);
    play.pull_many(stays, 9);
    play.verdicts(stays, &[Verdict::Skip; 3]);
    play.leave(gone);
    let back = play.join(1);
    play.pull(back);
    play.tick(5);
    let given = play.delivered(back);
    assert_eq!(given, ["e1"], "as many as it asked for");
    play.verdicts(back, &[Verdict::Skip]);
    assert_eq!(play.advance(), [item("e1", 2, 0, 0)]);
    assert_eq!(play.pull_many(back, 9), ["e2", "e3"]);
    play.verdicts(back, &[Verdict::Skip; 2]);
    assert_eq!(play.advance(), [item("e2", 2, 0, 0), item("e3", 2, 0, 0)]);
}

/// `P2` rewind: the lane is read again from the failed event; what was queued of it is not called for; then it passes.
#[test]
fn a_failed_lane_is_rewound() {
    let mut play = Play::new(Policy { on_failed: OnFailed::Rewind { attempts: 1 }, ..safe() }, Mode::Ack);
    let of = play.join(1);
    let events = [("e1", "x"), ("e2", "x"), ("o1", "y")];
    play.read(&events);
    play.pull(of);
    play.group.call_failed(of, play.now, &mut play.effects);
    let lane = crate::play::raw("", "x").lane;
    assert!(play.saw(&Effect::Rewind { lane: lane.clone(), payload: "e1".into() }));
    play.read(&[("e3", "x")]);
    assert_eq!(play.pull(of).as_deref(), Some("o1"), "e2 will be read again, and e3");
    play.verdicts(of, &[Verdict::Skip]);
    play.group.rewound(&lane, play.now, &mut play.effects);
    play.read(&[("e1", "x"), ("e2", "x")]);
    play.pull(of);
    play.group.call_failed(of, play.now, &mut play.effects);
    let begun = play.advances();
    let last = begun.last().map(|(_, _, items)| items.clone());
    assert_eq!(last, Some(vec![item("e1", 0, 1, 0)]), "one rewind, then past it");
}

/// A group whose lane x was set back to e1 while e2 was out and a read was under way.
fn set_back() -> (Play, stream_rules::SubscriptionId, stream_rules::Lane) {
    let mut play = Play::new(Policy { on_failed: OnFailed::Rewind { attempts: 2 }, ..safe() }, Mode::Ack);
    let of = play.join(1);
    play.read(&[("e1", "x"), ("e2", "x")]);
    play.pull(of);
    play.group.call_failed(of, play.now, &mut play.effects);
    let lane = crate::play::raw("", "x").lane;
    assert!(play.saw(&Effect::Rewind { lane: lane.clone(), payload: "e1".into() }));
    assert!(play.wants_to_read().is_some(), "it is under way");
    (play, of, lane)
}

/// `P2` rewind: the answers of the rewind and of the reads cross; the event that was set back to says where the lane
/// goes on.
#[test]
fn a_rewind_and_a_read_may_cross() {
    let (mut play, of, lane) = set_back();
    play.group.rewound(&lane, play.now, &mut play.effects);
    play.read(&[("e3", "x"), ("o1", "y")]);
    assert_eq!(play.pull_many(of, 9), ["o1"], "e3 was read before the rewind, though it came after");
    play.verdicts(of, &[Verdict::Skip]);
    play.read(&[("e1", "x"), ("e2", "x"), ("e3", "x")]);
    assert_eq!(play.pull_many(of, 9), ["e1", "e2", "e3"]);

    let (mut play, of, lane) = set_back();
    play.read(&[("e3", "x"), ("e1", "x"), ("e2", "x")]);
    assert_eq!(play.pull_many(of, 9), ["e1", "e2"], "read after the rewind, though that has not answered");
    play.group.call_failed(of, play.now, &mut play.effects);
    assert!(play.saw(&Effect::Rewind { lane: lane.clone(), payload: "e1".into() }));
    play.group.rewound(&lane, play.now, &mut play.effects);
    play.read(&[]);
    play.read(&[("e3", "x")]);
    play.group.rewound(&lane, play.now, &mut play.effects);
    play.read(&[("e1", "x"), ("e2", "x"), ("e3", "x")]);
    assert_eq!(play.pull_many(of, 9), ["e1", "e2", "e3"], "the first answer was not the second rewind's");
}

/// A source that no longer has the event it was set back to: the lane goes on if nothing can be missing of it, else the
/// group ends.
#[test]
fn a_lane_is_whole_or_the_group_ends() {
    let (mut play, of, lane) = set_back();
    play.group.rewound(&lane, play.now, &mut play.effects);
    play.read(&[]);
    play.read(&[("e2", "x")]);
    assert_eq!(play.pull_many(of, 9), ["e2"]);

    let (mut play, of, lane) = set_back();
    play.group.rewound(&lane, play.now, &mut play.effects);
    play.read(&[("e2", "x")]);
    play.read(&[("e3", "x")]);
    assert!(play.saw(&Effect::Evict) && play.advances().is_empty(), "e2 may have come before or after the rewind");
    play.group.pull(of, 1, play.now, &mut play.effects).expect("it may ask");
    assert!(matches!(play.failures().as_slice(), [(1, Failure::PollFailed(_))]));
}

/// `WK2`, `L2`: a lone one-shot trigger commits: the group stays for its confirmation, unread, and goes then.
#[test]
fn the_last_leaver_is_waited_for() {
    let mut play = Play::new(safe(), Mode::Ack);
    let of = play.join(1);
    play.read(&[("e1", "x")]);
    play.pull(of);
    let seqs = play.verdicts(of, &[emit(1)]);
    play.leave(of);
    assert!(!play.saw(&Effect::Evict));
    play.confirm(&[seqs[0].expect("it gates")]);
    assert_eq!(play.advance(), [item("e1", 1, 0, 0)]);
    assert!(play.saw(&Effect::Evict) && play.saw(&Effect::Close));
}

/// `L2`: a trigger that comes back during that time finds the same group.
#[test]
fn a_lingering_group_is_used_again() {
    let mut play = Play::new(safe(), Mode::Ack);
    let of = play.join(1);
    play.read(&[("e1", "x")]);
    play.pull(of);
    let seqs = play.verdicts(of, &[emit(1)]);
    play.leave(of);
    let again = play.join(1);
    play.confirm(&[seqs[0].expect("it gates")]);
    assert_eq!(play.advance().len(), 1);
    assert!(!play.saw(&Effect::Evict));
    play.read(&[("e2", "x")]);
    assert_eq!(play.pull(again).as_deref(), Some("e2"));
}

/// `L2`: it waits for storage alone, and not for what will never be stored.
#[test]
fn lingering_ends_when_nothing_will_be_stored() {
    let mut play = Play::new(Policy { on_failed: OnFailed::Pass, ..safe() }, Mode::Ack);
    let of = play.join(1);
    play.read(&[("e1", "x")]);
    play.pull(of);
    let seqs = play.verdicts(of, &[emit(1)]);
    play.leave(of);
    play.tick(100_000);
    assert!(play.advances().is_empty(), "it may be stored yet");
    play.group.not_stored(seqs.into_iter().flatten(), NotStored::Abandoned, play.now, &mut play.effects);
    assert_eq!(play.advance(), [item("e1", 0, 1, 0)]);
    assert!(play.saw(&Effect::Close));
}

/// `WK18`, `K1`: what was emitted and waits for storage is not overdue, by no clock, though what is beside it is.
#[test]
fn an_outage_of_the_storage_passes_nothing() {
    let mut play = Play::new(Policy { on_failed: OnFailed::Pass, ..safe() }, Mode::Ack);
    let of = play.join(1);
    play.read(&[("e1", "x"), ("e2", "y"), ("e3", "y")]);
    assert_eq!(play.pull_many(of, 2).len(), 2);
    let seqs = play.rulings(of, &[Ruling::Verdict(emit(1)), Ruling::Hold]);
    play.tick(99);
    assert!(play.advances().is_empty() && play.failures().is_empty());
    // What it holds back waits for the filter, and that is too slow.
    play.tick(1);
    play.pull(of);
    assert_eq!(play.failures(), [(1, Failure::AckTimeout)]);
    assert_eq!(play.advance(), [item("e2", 0, 1, 0), item("e3", 0, 1, 0)]);
    // Longer than the bound from the reading.
    play.tick(10_000);
    play.leave(of);
    play.tick(10_000);
    assert!(play.advances().is_empty(), "nobody has stored it");
    play.confirm(&[seqs[0].expect("it gates")]);
    assert_eq!(play.advance(), [item("e1", 1, 0, 0)]);
}

/// `Q3` without its loss: what was emitted before the overflow is stored by somebody else, and waited for.
#[test]
fn an_overflow_passes_nothing_that_was_emitted() {
    let policy = Policy { queue: 1, queue_full: QueueFull::Fail, on_failed: OnFailed::Pass, ..safe() };
    let mut play = Play::new(policy, Mode::Ack);
    let of = play.join(1);
    play.read(&[("e1", "x")]);
    play.pull(of);
    let seqs = play.verdicts(of, &[emit(1)]);
    play.read(&[("e2", "y")]);
    play.read(&[("e3", "y")]);
    play.pull(of);
    assert_eq!(play.failures(), [(1, Failure::Overflow)]);
    assert_eq!(play.advance().first(), Some(&item("e2", 0, 1, 0)), "and e1 is not among them");
    assert!(play.advances().is_empty());
    play.confirm(&[seqs[0].expect("it gates")]);
    assert_eq!(play.advance(), [item("e1", 1, 0, 0)]);
}

/// Of one that goes on in an outage: deadlines of what it is given later are its own.
#[test]
fn a_subscriber_goes_on_in_an_outage() {
    let mut play = Play::new(Policy { on_failed: OnFailed::Pass, ..safe() }, Mode::Ack);
    let of = play.join(1);
    let mut seqs = Vec::new();
    for name in ["e1", "e2", "e3"] {
        play.read(&[(name, "x")]);
        assert_eq!(play.pull(of).as_deref(), Some(name));
        seqs.extend(play.verdicts(of, &[emit(1)]).into_iter().flatten());
        play.tick(4_000);
        assert!(play.failures().is_empty() && play.advances().is_empty());
    }
    play.read(&[("e4", "x")]);
    play.pull(of);
    play.tick(99);
    assert!(play.failures().is_empty());
    play.confirm(&seqs);
    assert_eq!(play.advance().len(), 3);
    play.tick(1);
    assert_eq!(play.advance(), [item("e4", 0, 1, 0)], "a filter that says nothing is overdue as ever");
}

/// `WK3`: a burst fails nobody; reading waits for the slowest.
#[test]
fn a_burst_blocks_the_source() {
    let mut play = Play::new(Policy { queue: 2, ..safe() }, Mode::Ack);
    let (quick, slow) = (play.join(1), play.join(2));
    assert_eq!(play.wants_to_read(), Some(2));
    play.read(&[("e1", "x"), ("e2", "x"), ("e3", "x")]);
    assert_eq!(play.wants_to_read(), None);
    assert_eq!(play.pull_many(quick, 9).len(), 3);
    assert_eq!(play.wants_to_read(), None, "the slow one has nothing yet");
    assert_eq!(play.pull_many(slow, 2).len(), 2);
    assert_eq!(play.wants_to_read(), Some(1));
    assert!(play.failures().is_empty());
}

/// `Q2` drop-oldest, without acknowledgement: the slow one misses the oldest and is not failed.
#[test]
fn the_oldest_are_dropped() {
    let policy = Policy { queue: 2, queue_full: QueueFull::DropOldest, ..safe() };
    let mut play = Play::new(policy, Mode::Fast);
    let (slow, quick) = (play.join(1), play.join(2));
    for name in ["e1", "e2", "e3", "e4"] {
        play.read(&[(name, "x")]);
        assert_eq!(play.pull(quick).as_deref(), Some(name));
    }
    assert_eq!(play.pull_many(slow, 9), ["e3", "e4"]);
    assert!(play.group.counts().queued <= 2);
}

/// `WK5`, `P7`: an advance that may be repeated is, with growing waits, at the head of its lane.
#[test]
fn an_advance_is_tried_again() {
    let waits = Backoff::new(Duration::from_secs(1), Duration::from_secs(30));
    let advance = AdvancePolicy { retries: 2, waits, ..Policy::safe().advance };
    let mut play = Play::new(Policy { advance, ..safe() }, Mode::Ack);
    let of = play.join(1);
    play.read(&[("e1", "x"), ("e2", "y")]);
    play.pull_many(of, 9);
    play.verdicts(of, &[Verdict::Skip, Verdict::Skip]);
    let begun = play.advances();
    assert_eq!(begun.len(), 2, "lanes are independent");
    play.returned(begun[0].0, Err(failure("busy", false)));
    play.returned(begun[1].0, Ok(()));
    play.tick(1);
    let again = play.advances();
    assert_eq!(again[0].2, begun[0].2);
    play.returned(again[0].0, Err(failure("busy", false)));
    play.tick(1);
    assert!(play.advances().is_empty(), "the wait has doubled");
    play.tick(1);
    let (batch, ..) = play.advances().remove(0);
    play.returned(batch, Err(failure("busy", false)));
    assert!(play.saw(&Effect::Evict), "and that was the last attempt");
    play.pull(of);
    assert_eq!(play.failures(), [(1, Failure::AdvanceFailed("busy".into()))]);
}

/// `WK6`, `X4`: a stuck advance is given up and repeated; a late answer of it means nothing.
#[test]
fn a_stuck_advance_is_abandoned() {
    let mut play = Play::new(safe(), Mode::Ack);
    let of = play.join(1);
    play.read(&[("e1", "x")]);
    play.pull(of);
    play.verdicts(of, &[Verdict::Skip]);
    let (stuck, ..) = play.advances().remove(0);
    play.tick(30);
    assert!(play.saw(&Effect::AbandonAdvance { batch: stuck }));
    play.returned(stuck, Ok(()));
    play.tick(1);
    assert_eq!(play.advance(), [item("e1", 1, 0, 0)]);
}

/// `WK6`, `P6`, `X4`: draining has a deadline.
#[test]
fn draining_ends() {
    let advance = AdvancePolicy { deadline: None, ..Policy::safe().advance };
    let mut play = Play::new(Policy { advance, drain: Some(Duration::from_secs(9)), ..safe() }, Mode::Ack);
    let of = play.join(1);
    play.read(&[("e1", "x")]);
    play.pull(of);
    play.verdicts(of, &[Verdict::Skip]);
    let (stuck, ..) = play.advances().remove(0);
    play.group.stop(play.now, &mut play.effects);
    assert!(!play.saw(&Effect::Close));
    play.tick(9);
    assert!(play.saw(&Effect::AbandonAdvance { batch: stuck }) && play.saw(&Effect::Close));
}

/// `WK7`, `P4`: so many lanes at once, and no more.
#[test]
fn lanes_advance_in_parallel() {
    let advance = AdvancePolicy { max_in_flight: 2, max_batch: 1, ..Policy::safe().advance };
    let mut play = Play::new(Policy { advance, ..safe() }, Mode::Ack);
    let of = play.join(1);
    play.read(&[("e1", "x"), ("e2", "y"), ("e3", "z"), ("e4", "x")]);
    play.pull_many(of, 9);
    play.verdicts(of, &[Verdict::Skip; 4]);
    let begun = play.advances();
    assert_eq!(begun.iter().map(|(_, lane, _)| lane.as_str()).collect::<Vec<_>>(), ["x", "y"]);
    play.returned(begun[0].0, Ok(()));
    assert_eq!(play.advances().first().map(|(_, lane, _)| lane.clone()).as_deref(), Some("z"));
}

/// `WK8`, `A2`: outstanding events are bounded.
#[test]
fn reading_stops_at_the_bound_of_outstanding_events() {
    let mut play = Play::new(Policy { max_outstanding: Some(3), ..safe() }, Mode::Ack);
    let of = play.join(1);
    assert_eq!(play.wants_to_read(), Some(3));
    play.read(&[("e1", "x"), ("e2", "x"), ("e3", "x")]);
    play.pull_many(of, 9);
    let seqs = play.verdicts(of, &[emit(1), emit(1), emit(1)]);
    assert_eq!(play.wants_to_read(), None);
    play.confirm(&[seqs[0].expect("it gates")]);
    play.advance();
    assert_eq!(play.wants_to_read(), Some(1));
}

/// `WK12`, `D1`: the grace ends when everyone who is expected has joined, or is known not to come.
#[test]
fn the_grace_ends_with_the_cohort() {
    let (mut effects, now) = (Vec::new(), stream_rules::Moment::default());
    let policy = Policy { grace: Duration::from_secs(9), ..safe() };
    let cohort = [1, 2, 3].map(TriggerId);
    let mut group =
        stream_rules::Group::new(policy, Mode::Ack, stream_rules::Sequence::default(), cohort, now, &mut effects);
    for trigger in [1, 2] {
        group.join(TriggerId(trigger), Default::default(), now, &mut effects).expect("it can join");
    }
    assert!(effects.is_empty());
    group.not_coming(TriggerId(3), &mut effects);
    assert_eq!(effects, [Effect::Open]);
}

/// `K4` the other way: an old subscription can never hit the new one of its trigger.
#[test]
fn generations_are_apart() {
    let mut play = Play::new(Policy { on_failed: OnFailed::Pass, ..safe() }, Mode::Ack);
    let (first, _stays) = (play.join(1), play.join(2));
    play.read(&[("e1", "x")]);
    play.pull(first);
    play.verdicts(first, &[emit(1)]);
    play.leave(first);
    let again = play.join(1);
    play.tick(100);
    assert_eq!(play.pull(again), None);
    assert!(play.failures().is_empty());
}

/// `WK15`, `W5`: a trigger event made of several raw events gates all of them.
#[test]
fn combining_filters_lose_nothing() {
    let mut play = Play::new(safe(), Mode::Ack);
    let of = play.join(1);
    play.read(&[("e1", "x"), ("e2", "x"), ("e3", "x")]);
    play.pull(of);
    play.rulings(of, &[Ruling::Hold]);
    assert!(play.advances().is_empty());
    play.pull_many(of, 2);
    let emit = Ruling::EmitCovering { events: 1, covers: &[EventId(0)] };
    let seqs = play.rulings(of, &[Ruling::Verdict(Verdict::Skip), emit]);
    assert!(play.advances().is_empty());
    play.confirm(&[seqs[0].expect("it gates")]);
    assert_eq!(play.advance(), [item("e1", 1, 0, 0), item("e2", 1, 0, 0), item("e3", 1, 0, 0)]);
}

/// `WK17`: a verdict says one thing about each event of one batch; anything else is refused and changes nothing.
#[test]
fn verdicts_have_to_fit() {
    let mut play = Play::new(safe(), Mode::Ack);
    let of = play.join(1);
    play.read(&[("e1", "x")]);
    let give = |play: &mut Play, verdicts: &[Verdict]| {
        play.group.verdicts(of, verdicts, play.now, &mut play.effects).expect_err("it does not fit")
    };
    assert_eq!(give(&mut play, &[]), VerdictError::NothingOpen);
    play.pull(of);
    assert_eq!(give(&mut play, &[]), VerdictError::Number { given: 0, wanted: 1 });
    assert_eq!(give(&mut play, &[emit(0)]), VerdictError::EmptyEmit);
    let stranger = Ruling::EmitCovering { events: 1, covers: &[EventId(7)] };
    // An event that is settled gates nothing, so covering it is harmless.
    assert_eq!(play.group.rulings(of, &[stranger], play.now, &mut play.effects).map(|seqs| seqs.len()), Ok(1));
}

/// `WK18`: a backlog costs a steady consumer nothing: the clock starts when it is given the event.
#[test]
fn the_clock_starts_at_hand_over() {
    let mut play = Play::new(safe(), Mode::Ack);
    let of = play.join(1);
    play.read(&[("e1", "x"), ("e2", "x")]);
    play.tick(90);
    play.pull(of);
    play.tick(90);
    play.verdicts(of, &[Verdict::Skip]);
    assert_eq!(play.pull(of).as_deref(), Some("e2"));
    play.tick(99);
    assert!(play.group.counts().outstanding > 0 && play.failures().is_empty());
    play.tick(1);
    play.verdicts(of, &[Verdict::Skip]);
    play.pull(of);
    assert_eq!(play.failures(), [(1, Failure::AckTimeout)]);
}

/// `WK19`, `S2`: the source is not read while nobody lives.
#[test]
fn nothing_is_read_for_nobody() {
    let mut play = Play::new(Policy { on_failed: OnFailed::Pass, ..safe() }, Mode::Ack);
    assert_eq!(play.wants_to_read(), None);
    let of = play.join(1);
    assert!(play.wants_to_read().is_some());
    play.read(&[("e1", "x")]);
    play.pull(of);
    play.wants_to_read();
    play.tick(100);
    play.read(&[]);
    assert_eq!(play.wants_to_read(), None, "the only one has failed");
}
