//! A group asks only those whose match holds.

use matching::{Condition, Match};
use serde_json::json;
use stream_rules::{Effect, Mode, Verdict};
use trigger_host_types::TriggerId;

use crate::play::{Play, airflow, safe};

fn state(value: &str) -> Match {
    Match::new(vec![Condition::one_of("/state", &[json!(value)]).expect("a scalar")]).expect("it is one")
}

/// Those whose match does not hold have skipped the event: they count as acked and are not called.
#[test]
fn only_those_concerned_are_called() {
    let mut play = Play::new(safe(), Mode::Ack);
    let everything = play.join(1);
    let join = |play: &mut Play, trigger, value| {
        play.group.join(TriggerId(trigger), state(value), play.now, &mut play.effects).expect("it can join")
    };
    let (done, failed) = (join(&mut play, 2, "done"), join(&mut play, 3, "failed"));
    for of in [everything, done, failed] {
        play.pull(of);
    }
    play.read(&[(r#"{"state":"done"}"#, "x")]);
    assert_eq!(play.delivered(everything).len(), 1);
    assert_eq!(play.delivered(done).len(), 1);
    assert!(play.delivered(failed).is_empty());
    play.verdicts(everything, &[Verdict::Skip]);
    play.verdicts(done, &[Verdict::Skip]);
    let (name, acked, failed_count, rejected) = play.advance().remove(0);
    assert_eq!((name.as_str(), acked, failed_count, rejected), (r#"{"state":"done"}"#, 3, 0, 0));
    play.read(&[("not json", "x")]);
    assert_eq!(play.pull(everything).as_deref(), Some("not json"));
    assert_eq!(play.pull(done), None);
}

/// `Q2`, `Q3` for a selection: only what was selected counts.
#[test]
fn a_selection_overflows_by_what_it_selected() {
    let mut play = Play::new(airflow(1), Mode::Ack);
    let of = play.group.join(TriggerId(1), state("done"), play.now, &mut play.effects).expect("it can join");
    for name in [r#"{"state":"done"}"#, r#"{"state":"x"}"#, r#"{"state":"y"}"#] {
        play.read(&[(name, name)]);
    }
    assert!(play.failures().is_empty());
    play.read(&[(r#"{"state":"done"}"#, "x")]);
    play.pull(of);
    assert_eq!(play.failures(), [(1, stream_rules::Failure::Overflow)]);
    play.leave(of);
    assert!(play.saw(&Effect::Evict));
    assert_eq!(play.group.counts().queued, 0);
}
