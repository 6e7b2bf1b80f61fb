//! What is claimed and cannot be run, what leaves and comes back, and when a first event may leave.

use super::*;

fn claimed(bounds: Bounds, claim: Claim<Play>) -> Host {
    let mut host = Scheduler::new(bounds, SINGLES, 0);
    host.listed(&[claim.id], 0);
    host.claimed(claim, 0);
    host
}

#[test]
fn what_no_component_is_mapped_to_fails_or_is_held_as_the_operator_says() {
    use TriggerKind::{Asset, Callback, Task};
    use Unmapped::{Fail, Hold};
    for (kind, unmapped_tasks, unmapped_callbacks, expected) in [
        (Task, Fail, Hold, "failure unmapped"),
        (Task, Hold, Fail, ""),
        (Callback, Fail, Hold, ""),
        (Callback, Hold, Fail, "event {\"body\":\"no component is mapped"),
        (Asset, Fail, Fail, ""),
    ] {
        let bounds = Bounds { unmapped_tasks, unmapped_callbacks, ..BOUNDS };
        let mut host = claimed(bounds, Claim { class: None, ..claim(1, kind) });
        let sends = sent(&host.effects(0));
        let (held, sending) = if expected.is_empty() { (1, 0) } else { (0, 1) };
        assert_eq!((host.held(), sends.len()), (held, sending), "{kind:?}");
        assert!(sends.iter().all(|(_, what)| what.starts_with(expected)), "{sends:?}");
    }
}

#[test]
fn kwargs_that_cannot_be_decoded_fail_a_task_and_a_callback_and_hold_a_watcher() {
    for (kind, held) in [(TriggerKind::Task, 0), (TriggerKind::Callback, 0), (TriggerKind::Asset, 1)] {
        let refusal = Refusal { reason: "bad-kwargs", message: "cannot decode".into() };
        let mut host = claimed(BOUNDS, Claim { kwargs: Err(refusal), ..claim(1, kind) });
        let effects = host.effects(0);
        assert_eq!((host.held(), sent(&effects).len()), (held, 1 - held), "{kind:?}");
        assert!(poll_ticket(&effects).is_none());
    }
}

#[test]
fn what_is_mapped_later_runs_unless_its_kwargs_could_not_be_decoded() {
    let broken = Refusal { reason: "bad-kwargs", message: "cannot decode".into() };
    for (kwargs, runs) in [(Ok("{}".to_owned()), true), (Err(broken), false)] {
        let mut host = claimed(BOUNDS, Claim { class: None, kwargs, ..claim(1, TriggerKind::Callback) });
        assert!(host.effects(0).iter().all(|effect| matches!(effect, Effect::Fetch(_) | Effect::Report(..))));
        host.remap(|_| Some("component"), 1);
        let effects = host.effects(1);
        assert_eq!(poll_ticket(&effects).is_some(), runs);
        assert_eq!(sent(&effects).is_empty(), runs, "it has failed, and is told so");
    }
}

#[test]
fn no_event_of_a_deferred_task_leaves_before_its_time() {
    for (starts_from_trigger, kind, delayed) in [
        (false, TriggerKind::Task, true),
        (true, TriggerKind::Task, false),
        (false, TriggerKind::Asset, false),
        (false, TriggerKind::Callback, false),
    ] {
        let bounds = Bounds { first_event_after: 3_000, ..BOUNDS };
        let mut host = claimed(bounds, Claim { starts_from_trigger, ..claim(1, kind) });
        let call = poll_ticket(&host.effects(0)).unwrap();
        let outcome = answer(&host, call, &["1"], None, None);
        host.poll_ended(call, outcome, 10);
        assert_eq!(sent(&host.effects(2_999)).is_empty(), delayed, "{kind:?}");
        assert_eq!(sent(&host.effects(3_000)).is_empty(), !delayed, "{kind:?}");
    }
}

#[test]
fn a_callback_that_was_swapped_away_is_stopped_in_silence_and_taken_again_when_it_returns() {
    let mut host = host();
    for round in 0..3 {
        let now = round * 1_000;
        assert!(host.listed(&[ONE], now), "it is new every time");
        host.claimed(claim(1, TriggerKind::Callback), now);
        let call = poll_ticket(&host.effects(now)).expect("a claimed trigger is called at once");
        host.listed(&[], now + 500);
        let effects = host.effects(now + 500);
        assert!(matches!(effects[0], Effect::CancelPoll(ticket) if ticket == call));
        assert_eq!(finished(&effects), Some(Finish::Gone));
        assert!(!effects.iter().any(|effect| matches!(effect, Effect::Kill(_) | Effect::Send { .. })), "{effects:?}");
        assert_eq!(host.triggers(), 0);
    }
}

#[test]
fn an_id_that_is_used_again_is_another_trigger() {
    let mut host = host();
    let call = started(&mut host, TriggerKind::Task);
    let outcome = answer(&host, call, &["1"], None, None);
    host.poll_ended(call, outcome, 0);
    let (ticket, first) = only_send(&mut host, 0);
    host.sent(ticket, Sent::Accepted, 0);
    host.effects(0);
    assert!(host.listed(&[ONE], 1));
    let task =
        TaskInstance { dag_id: "d".into(), run_id: "r".into(), task_id: "next".into(), map_index: -1, try_number: 1 };
    let task = Some(PackedTask::new(uuid::Uuid::from_u128(99), &task));
    host.claimed(Claim { task, ..claim(1, TriggerKind::Task) }, 1);
    let call = poll_ticket(&host.effects(1)).expect("nothing is remembered of the first");
    let outcome = answer(&host, call, &["1"], None, None);
    host.poll_ended(call, outcome, 1);
    assert_ne!(only_send(&mut host, 1).1, first, "the same payload under another key");
}
