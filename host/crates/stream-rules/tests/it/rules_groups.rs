//! Who shares what: joining, leaving, and the one invariant.

use stream_rules::{Effect, JoinError, Lane, Mode, PollEnd, PullError, Sequence};
use trigger_host_types::TriggerId;

use crate::play::{Play, airflow, raw, safe};

/// `G4`: one subscription per trigger; the second attempt leaves the first untouched.
#[test]
fn a_trigger_joins_once() {
    for policy in [airflow(8), safe()] {
        let mut play = Play::new(policy, Mode::Ack);
        let first = play.join(1);
        let second = play.group.join(TriggerId(1), Default::default(), play.now, &mut play.effects);
        assert_eq!(second, Err(JoinError::AlreadySubscribed(TriggerId(1))));
        play.read(&[("e1", "x")]);
        assert_eq!(play.pull(first).as_deref(), Some("e1"));
    }
}

/// `L0`, `L3`, `L4`: from the end of its poll on, a group takes nobody.
#[test]
fn a_dead_group_takes_nobody() {
    let mut play = Play::new(airflow(8), Mode::Ack);
    play.join(1);
    play.end(PollEnd::Terminated);
    let late = play.group.join(TriggerId(2), Default::default(), play.now, &mut play.effects);
    assert_eq!(late, Err(JoinError::Over));
}

/// `L1`: a subscription that is over can do nothing, also when its place is somebody else's.
#[test]
fn an_old_subscription_hits_nothing() {
    let mut play = Play::new(safe(), Mode::Ack);
    let (old, _stays) = (play.join(1), play.join(2));
    play.leave(old);
    let new = play.join(3);
    play.leave(old);
    assert_eq!(play.group.pull(old, 1, play.now, &mut play.effects), Err(PullError::Gone));
    play.read(&[("e1", "x")]);
    assert_eq!(play.pull(new).as_deref(), Some("e1"));
    assert_eq!(play.group.counts().subscribers, 2);
}

/// `L2`: the key is given up before the group is stopped.
#[test]
fn the_last_one_out_gives_the_key_up() {
    let mut play = Play::new(airflow(8), Mode::Ack);
    let of = play.join(1);
    play.leave(of);
    let place = |wanted: &Effect| play.effects.iter().position(|effect| effect == wanted);
    assert!(place(&Effect::Evict).is_some_and(|evict| place(&Effect::StopReading).is_some_and(|stop| evict < stop)));
}

/// `B1`: one counter for all groups; numbers are unique, and drawn only when they bind.
#[test]
fn numbers_are_unique_in_the_process() {
    let sequence = Sequence::default();
    let elsewhere = sequence.clone();
    let (first, second, third) = (sequence.draw(), elsewhere.draw(), sequence.draw());
    assert!(first < second && second < third);
}

/// `N1`: lanes are equal when their bytes are.
#[test]
fn equal_lanes_are_one() {
    assert_eq!(raw("a", "x").lane, raw("b", "x").lane);
    assert_ne!(raw("a", "x").lane, Lane::default());
}
