//! An operator's pause: what stops, what goes on.

use std::time::Duration;

use stream_rules::{Effect, Group, Mode, Moment, OnFailed, Policy, Sequence, Verdict};

use crate::play::{Play, emit, raw, safe};

fn room(play: &mut Play) -> Option<usize> {
    play.wants_to_read()
}

/// What was read is handed over, settled and advanced; nothing more is read, whatever makes room for it.
#[test]
fn a_paused_group_goes_on_with_what_it_has() {
    let mut play = Play::new(safe(), Mode::Ack);
    let of = play.join(1);
    assert!(room(&mut play).is_some());
    play.group.pause();
    play.read(&[("e1", "x"), ("e2", "y")]);
    assert_eq!(play.pull_many(of, 9), ["e1", "e2"], "the read that was under way is not lost");
    let seqs = play.verdicts(of, &[emit(1), Verdict::Skip]);
    assert_eq!(play.advance().len(), 1);
    play.confirm(&seqs.into_iter().flatten().collect::<Vec<_>>());
    assert_eq!(play.advance().len(), 1);
    play.pull(of);
    play.join(2);
    play.tick(4_000);
    assert_eq!(room(&mut play), None, "not read");
    play.group.resume(play.now, &mut play.effects);
    assert!(room(&mut play).is_some(), "read again");
    play.read(&[("e3", "x")]);
    assert_eq!(play.delivered(of), ["e3"]);
}

/// A pause during the grace holds up the opening; one during the opening the first read.
#[test]
fn a_paused_group_is_not_opened() {
    let mut play = Play::unopened(Policy { grace: Duration::from_secs(2), ..safe() }, Mode::Ack);
    play.join(1);
    play.group.pause();
    play.tick(3);
    assert!(!play.saw(&Effect::Open));
    play.group.resume(play.now, &mut play.effects);
    assert!(play.saw(&Effect::Open));
    play.group.pause();
    play.group.opened(play.now, &mut play.effects);
    assert_eq!(room(&mut play), None);
    play.group.resume(play.now, &mut play.effects);
    assert!(room(&mut play).is_some());
}

/// A resume makes no room: the read comes when there is some, whatever had filled up.
#[test]
fn a_resume_without_room_waits_for_it() {
    for policy in [Policy { queue: 1, ..safe() }, Policy { max_outstanding: Some(1), ..safe() }] {
        let mut play = Play::new(policy, Mode::Ack);
        let of = play.join(1);
        assert!(room(&mut play).is_some());
        play.read(&[("e1", "x")]);
        play.group.pause();
        play.group.resume(play.now, &mut play.effects);
        assert_eq!(room(&mut play), None, "there is no room");
        play.group.pause();
        assert_eq!(play.pull_many(of, 9), ["e1"]);
        play.verdicts(of, &[Verdict::Skip]);
        play.advance();
        assert_eq!(room(&mut play), None, "room was made while it was paused");
        play.group.resume(play.now, &mut play.effects);
        assert_eq!(room(&mut play), Some(1));
    }
}

/// A pause and a resume while a read is under way: there is still only one.
#[test]
fn a_resume_begins_no_second_read() {
    let mut play = Play::new(safe(), Mode::Ack);
    play.join(1);
    assert!(room(&mut play).is_some());
    play.group.pause();
    play.group.resume(play.now, &mut play.effects);
    assert_eq!(room(&mut play), None);
    play.read(&[("e1", "x")]);
    assert!(room(&mut play).is_some());
}

/// The group that comes after a paused one: paused from the beginning.
#[test]
fn a_group_can_begin_paused() {
    let (now, mut effects) = (Moment::default(), Vec::new());
    let mut group = Group::new_paused(safe(), Mode::Ack, Sequence::default(), [], now, &mut effects);
    assert!(effects.is_empty() && group.is_paused());
    group.resume(now, &mut effects);
    assert_eq!(effects, [Effect::Open]);
    group.resume(now, &mut effects);
    assert_eq!(effects, [Effect::Open], "once");
}

/// `P2` rewind: a lane that is set back while the group is paused is read again when it is resumed.
#[test]
fn a_rewind_waits_for_the_resume() {
    let mut play = Play::new(Policy { on_failed: OnFailed::Rewind { attempts: 1 }, ..safe() }, Mode::Ack);
    let of = play.join(1);
    play.read(&[("e1", "x")]);
    play.pull(of);
    room(&mut play);
    play.group.pause();
    play.read(&[]);
    play.group.call_failed(of, play.now, &mut play.effects);
    play.group.rewound(&raw("", "x").lane, play.now, &mut play.effects);
    assert_eq!(room(&mut play), None);
    play.group.resume(play.now, &mut play.effects);
    assert!(room(&mut play).is_some());
}

/// `L2`: a pause does not keep a group whose last subscriber has left.
#[test]
fn a_paused_group_ends_as_any_other() {
    let mut play = Play::new(safe(), Mode::Ack);
    let of = play.join(1);
    play.group.pause();
    play.leave(of);
    assert!(play.saw(&Effect::Evict) && play.saw(&Effect::Close));
    play.group.resume(play.now, &mut play.effects);
    assert_eq!(room(&mut play), Some(1_024), "the one from before");
    assert_eq!(room(&mut play), None);
}
