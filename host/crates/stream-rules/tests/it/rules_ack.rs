//! Airflow's rules for one acknowledged stream, one test for each that the recorded schedules would not name.

use std::time::Duration;

use stream_rules::recorded::Recorded as _;
use stream_rules::{Effect, Failure, Mode, Notice, PollEnd};

use crate::play::{Play, airflow, failure};

fn item(name: &str, acked: u32, failed: u32, rejected: u32) -> crate::play::Item {
    (name.to_owned(), acked, failed, rejected)
}

/// `A1`, `S1`, `O1`: the snapshot is who is there when the event is read; each is counted once.
#[test]
fn late_joiners_are_not_waited_for() {
    let mut play = Play::new(airflow(8), Mode::Ack);
    let early = play.join(1);
    play.read(&[("e1", "x")]);
    let late = play.join(2);
    assert_eq!(play.pull(late), None);
    assert_eq!(play.pull(early).as_deref(), Some("e1"));
    assert!(play.advances().is_empty());
    play.pull(early);
    assert_eq!(play.advance(), [item("e1", 1, 0, 0)]);
}

/// `S2`, `O2`: an event that nobody is there for goes through the pump and is not clean.
#[test]
fn an_event_for_nobody_is_resolved_at_birth() {
    let mut play = Play::new(airflow(1), Mode::Ack);
    play.join(1);
    play.read(&[("e1", "x"), ("e2", "x"), ("e3", "x")]);
    assert_eq!(play.advance(), [item("e1", 0, 1, 0), item("e2", 0, 1, 0), item("e3", 0, 0, 0)]);
}

/// `Q2`, `Q3`, `Q5`: `bound` events fit, one more fails the subscriber in all of them, waiting or not.
#[test]
fn overflow_fails_one_and_spares_its_siblings() {
    let mut play = Play::new(airflow(2), Mode::Ack);
    let (idle, reader) = (play.join(1), play.join(2));
    assert_eq!(play.pull(reader), None);
    play.read(&[("e1", "x"), ("e2", "x")]);
    assert_eq!(play.delivered(reader), ["e1"]);
    play.read(&[("e3", "x")]);
    assert!(play.saw(&Effect::Notice(Notice::Overflow(idle.trigger()))));
    assert!(play.failures().is_empty(), "it does not wait for anything");
    assert_eq!(play.pull(idle), None);
    assert_eq!(play.failures(), [(1, Failure::Overflow)]);
    assert_eq!(play.pull(idle), None);
    assert!(play.saw(&Effect::Exhausted { to: idle }), "after its failure there is nothing");
    assert_eq!(play.pull(reader).as_deref(), Some("e2"));
    assert_eq!(play.advance(), [item("e1", 1, 1, 0)]);
}

/// `W3`, `B3`, `B5`: acked when the window is closed and every number is confirmed, in any order.
#[test]
fn storage_gates_the_advance() {
    let mut play = Play::new(airflow(8), Mode::Ack);
    let of = play.join(1);
    play.read(&[("e1", "x")]);
    play.pull(of);
    let (first, second) = (play.group.bind(of).expect("open"), play.group.bind(of).expect("open"));
    play.confirm(&[second]);
    play.pull(of);
    assert!(play.advances().is_empty());
    play.confirm(&[second, first]);
    assert_eq!(play.advance(), [item("e1", 1, 0, 0)]);
    play.confirm(&[first]);
    assert_eq!(play.group.counts().unconfirmed, 0);
}

/// `W1`, `W4`: without a window nothing binds.
#[test]
fn only_an_open_window_binds() {
    let mut play = Play::new(airflow(8), Mode::Ack);
    let of = play.join(1);
    assert_eq!(play.group.bind(of), None, "before the first pull");
    play.pull(of);
    assert_eq!(play.group.bind(of), None, "while it waits");
    let mut fast = Play::new(airflow(8), Mode::Fast);
    let of = fast.join(1);
    fast.read(&[("e1", "x")]);
    assert_eq!(fast.pull(of).as_deref(), Some("e1"), "`F1`: the same view of the stream");
    assert_eq!(fast.group.bind(of), None, "`F1`: and nothing to gate");
}

/// `R1`, `R2`, `R4`, `R5`: a reject decides at once, whatever was or will be emitted.
#[test]
fn a_reject_wins_over_what_was_emitted() {
    let mut play = Play::new(airflow(8), Mode::Ack);
    let of = play.join(1);
    play.read(&[("e1", "x"), ("e2", "x")]);
    play.pull(of);
    let seq = play.group.bind(of).expect("open");
    play.group.reject(of, play.now, &mut play.effects);
    assert_eq!(play.advance(), [item("e1", 0, 0, 1)]);
    assert_eq!(play.group.counts().unconfirmed, 0, "the number is forgotten");
    assert_eq!(play.group.bind(of), None);
    play.group.reject(of, play.now, &mut play.effects);
    play.confirm(&[seq]);
    play.pull(of);
    play.pull(of);
    assert_eq!(play.advance(), [item("e2", 1, 0, 0)]);
}

/// `R3`: without a window a reject is a warning.
#[test]
fn a_reject_without_a_window_changes_nothing() {
    let mut play = Play::new(airflow(8), Mode::Ack);
    let of = play.join(1);
    play.read(&[("e1", "x")]);
    play.group.reject(of, play.now, &mut play.effects);
    assert!(play.saw(&Effect::Notice(Notice::RejectWithoutWindow)));
    assert_eq!(play.group.counts().outstanding, 1);
}

/// `U1`-`U4`: what was handed over is processed, what was not is failed, what awaits storage waits on.
#[test]
fn leaving_closes_what_is_in_hand() {
    let mut play = Play::new(airflow(8), Mode::Ack);
    let (leaver, other) = (play.join(1), play.join(2));
    play.read(&[("e1", "a"), ("e2", "b"), ("e3", "c")]);
    play.pull(leaver);
    let seq = play.group.bind(leaver).expect("open");
    play.pull(leaver);
    play.leave(leaver);
    for _ in 0..4 {
        play.pull(other);
    }
    let mut advanced = Vec::new();
    loop {
        let begun = play.advances();
        if begun.is_empty() {
            break;
        }
        for (batch, _, items) in begun {
            advanced.extend(items);
            play.returned(batch, Ok(()));
        }
    }
    assert_eq!(advanced, [item("e2", 2, 0, 0), item("e3", 1, 1, 0)]);
    play.confirm(&[seq]);
    assert_eq!(play.advance(), [item("e1", 2, 0, 0)]);
}

/// `P1`-`P4`: a pending head holds its lane and no other; a batch is the whole resolved prefix; one call at a time.
#[test]
fn lanes_advance_by_resolved_prefix_one_call_at_a_time() {
    let mut play = Play::new(airflow(8), Mode::Ack);
    let (quick, slow) = (play.join(1), play.join(2));
    play.read(&[("e1", "x"), ("e2", "y"), ("e3", "x")]);
    for _ in 0..4 {
        play.pull(quick);
    }
    play.pull(slow);
    let seq = play.group.bind(slow).expect("open");
    for _ in 0..3 {
        play.pull(slow);
    }
    let begun = play.advances();
    assert_eq!(begun.len(), 1);
    assert_eq!((begun[0].1.as_str(), &begun[0].2[..]), ("y", &[item("e2", 2, 0, 0)][..]));
    play.confirm(&[seq]);
    assert!(play.advances().is_empty(), "one call at a time");
    play.returned(begun[0].0, Ok(()));
    assert_eq!(play.advance(), [item("e1", 2, 0, 0), item("e3", 2, 0, 0)]);
}

/// `K1`, `K2`: the clock starts at broadcast; whoever is late is failed in younger events too.
#[test]
fn the_timeout_fails_in_everything_owed() {
    let mut play = Play::new(airflow(8), Mode::Ack);
    let late = play.join(1);
    play.read(&[("e1", "x")]);
    play.tick(60);
    play.read(&[("e2", "x")]);
    play.tick(39);
    assert!(play.advances().is_empty());
    play.tick(1);
    assert_eq!(play.advance(), [item("e1", 0, 1, 0), item("e2", 0, 1, 0)]);
    play.pull(late);
    assert_eq!(play.failures(), [(1, Failure::AckTimeout)]);
}

/// `K3`, `K4`: what an id owes outlives its subscription, and hits the one that has its place.
#[test]
fn ids_are_not_per_subscription() {
    let mut play = Play::new(airflow(8), Mode::Ack);
    let (first, _stays) = (play.join(1), play.join(2));
    play.read(&[("e1", "x")]);
    play.pull(first);
    play.group.bind(first).expect("open");
    play.leave(first);
    let again = play.join(1);
    play.tick(100);
    play.pull(again);
    assert_eq!(play.failures(), [(1, Failure::AckTimeout)]);
}

/// `T1`-`T4`, `C1`: the end of the poll drops what is queued, abandons what is open, drains what is resolved, closes
/// once.
#[test]
fn the_end_of_the_poll() {
    let mut play = Play::new(airflow(8), Mode::Ack);
    let (of, never) = (play.join(1), play.join(2));
    play.read(&[("e1", "x"), ("e2", "x")]);
    play.pull(of);
    play.pull(never);
    play.group.reject(of, play.now, &mut play.effects);
    play.group.reject(never, play.now, &mut play.effects);
    let begun = play.advances();
    play.end(PollEnd::Terminated);
    assert!(play.saw(&Effect::Evict));
    assert!(!play.saw(&Effect::Close), "not before the running advance is over");
    assert_eq!(play.pull(of), None);
    assert_eq!(play.failures(), [(1, Failure::PollTerminated)]);
    play.returned(begun[0].0, Ok(()));
    assert!(play.advances().is_empty(), "e2 is abandoned");
    assert!(play.saw(&Effect::Close));
    play.group.closed(&mut play.effects);
    assert!(play.saw(&Effect::Ended) && play.group.is_ended());
}

/// `N2`, `T2`: a lane that cannot be asked ends the poll before anyone gets the event, in the same section.
#[test]
fn a_lane_that_fails_ends_the_poll() {
    let mut play = Play::new(airflow(8), Mode::Ack);
    let of = play.join(1);
    play.pull(of);
    let events = vec![crate::play::raw("e1", "x")];
    play.group.read(events, Some(PollEnd::Failed("lane".into())), play.now, &mut play.effects);
    assert!(play.delivered(of).is_empty(), "the failure goes first");
    assert_eq!(play.failures(), [(1, Failure::PollFailed("lane".into()))]);
}

/// `P7`: a failed advance ends the group at once; other lanes are not drained, the batch is not repeated.
#[test]
fn a_failed_advance_ends_the_group() {
    let mut play = Play::new(airflow(8), Mode::Ack);
    let of = play.join(1);
    play.read(&[("e1", "x"), ("e2", "y")]);
    for _ in 0..3 {
        play.pull(of);
    }
    let (batch, ..) = play.advances().remove(0);
    play.returned(batch, Err(failure("denied", true)));
    assert!(play.saw(&Effect::Evict) && play.saw(&Effect::Close) && play.advances().is_empty());
    assert_eq!(play.failures(), [(1, Failure::AdvanceFailed("denied".into()))]);
}

/// `X1`, `X3`, `T5`: stopping tells nobody anything; what is queued can still be had.
#[test]
fn stopping_leaves_the_queues() {
    let mut play = Play::new(airflow(8), Mode::Ack);
    let of = play.join(1);
    play.read(&[("e1", "x")]);
    play.group.stop(play.now, &mut play.effects);
    assert!(play.saw(&Effect::Close));
    assert_eq!(play.pull(of).as_deref(), Some("e1"));
    play.pull(of);
    assert!(play.failures().is_empty() && play.advances().is_empty());
}

/// `D1`, `C1`: during the grace nothing is opened; stopped then, there is nothing to close.
#[test]
fn the_grace_comes_before_the_factory() {
    let policy = stream_rules::Policy { grace: Duration::from_secs(10), ..airflow(8) };
    let mut play = Play::unopened(policy, Mode::Ack);
    let of = play.join(1);
    assert!(!play.saw(&Effect::Open));
    let mut stopped = Play::unopened(policy, Mode::Ack);
    stopped.group.stop(stopped.now, &mut stopped.effects);
    assert!(!stopped.saw(&Effect::Close) && stopped.saw(&Effect::Ended));
    play.tick(10);
    assert!(play.saw(&Effect::Open));
    play.leave(of);
}
