//! The state machine through its own seam: commands and times in, effects out.

use std::sync::Arc;

use trigger_host_types::step::{Finish, Step, StepKind};
use trigger_host_types::{IdempotencyKey, PackedTask, TaskInstance, TriggerId, TriggerKind, UnixMs};

use crate::batches::Batched;
use crate::bounds::{Bounds, Server, Unmapped};
use crate::claim::{Claim, Refusal};
use crate::deliveries::Sent;
use crate::effect::Effect;
use crate::listening::Heard;
use crate::outbox::{EventMessage, FailureMessage, Message};
use crate::outside::Outside;
use crate::polls::{Answer, Answered};
use crate::scheduler::Scheduler;
use crate::table::Ticket;

mod batches;
mod claims;
mod listening;

/// A world in which a class is a name, and an event its payload and its key.
#[derive(Debug)]
enum Play {}

impl Outside for Play {
    type Class = &'static str;
    type Event = (String, IdempotencyKey);
    type Receipt = ();

    fn listens(class: &&'static str) -> bool {
        *class == "filter"
    }

    fn key((_, key): &(String, IdempotencyKey)) -> &IdempotencyKey {
        key
    }

    fn size((payload, _): &(String, IdempotencyKey)) -> usize {
        payload.len()
    }

    fn encode_plain(json: &str, key: IdempotencyKey) -> (String, IdempotencyKey) {
        (json.to_owned(), key)
    }
}

type Host = Scheduler<Play>;

const ONE: TriggerId = TriggerId(1);
const BOUNDS: Bounds = Bounds {
    live_instances: 4,
    deliveries: 4,
    first_event_after: 0,
    unmapped_tasks: Unmapped::Fail,
    unmapped_callbacks: Unmapped::Hold,
};
const SINGLES: Server = Server { job: 7, checkpoints: true, batches: false };

fn host() -> Host {
    Scheduler::new(BOUNDS, SINGLES, 0)
}

fn claim(id: i64, kind: TriggerKind) -> Claim<Play> {
    let task = TaskInstance {
        dag_id: "d".into(),
        run_id: "r".into(),
        task_id: format!("t{id}"),
        map_index: -1,
        try_number: 1,
    };
    Claim {
        id: TriggerId(id),
        classpath: "x.Y".into(),
        class: Some("component"),
        component: None,
        kind,
        kwargs: Ok("{}".into()),
        checkpoint: None,
        position: 0,
        assets: None,
        task: (kind == TriggerKind::Task)
            .then(|| PackedTask::new(uuid::Uuid::from_u128(id.unsigned_abs().into()), &task)),
        starts_from_trigger: false,
        timeout_at: None,
    }
}

/// Lists and claims one trigger, and returns the ticket of its first call.
fn started(host: &mut Host, kind: TriggerKind) -> Ticket {
    host.listed(&[ONE], 0);
    assert!(matches!(&host.effects(0)[..], [Effect::Fetch(ids)] if ids == &[ONE]));
    host.claimed(claim(1, kind), 0);
    poll_ticket(&host.effects(0)).expect("a claimed trigger is called at once")
}

fn poll_ticket(effects: &[Effect<Play>]) -> Option<Ticket> {
    effects.iter().find_map(|effect| match effect {
        Effect::Poll { ticket, .. } => Some(*ticket),
        _ => None,
    })
}

fn sent(effects: &[Effect<Play>]) -> Vec<(Ticket, String)> {
    let name = |message: &Message<Play>| match message {
        Message::Event(event) => format!("event {} {}", event.payload, event.wire.1),
        Message::Failure(failure) => format!("failure {}", failure.reason),
        Message::Checkpoint(stored) => format!("checkpoint {} {:?}", stored.position, stored.value),
    };
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Send { ticket, message, .. } => Some((*ticket, name(message))),
            _ => None,
        })
        .collect()
}

fn only_send(host: &mut Host, now: UnixMs) -> (Ticket, String) {
    let sends = sent(&host.effects(now));
    assert_eq!(sends.len(), 1, "{sends:?}");
    sends.into_iter().next().unwrap()
}

fn finished(effects: &[Effect<Play>]) -> Option<Finish> {
    effects.iter().find_map(|effect| match effect {
        Effect::Report(_, Step { what: StepKind::Finished { reason }, .. }) => Some(*reason),
        _ => None,
    })
}

/// An answer whose events carry the keys the actor would give them.
fn answer(
    host: &Host,
    ticket: Ticket,
    payloads: &[&str],
    checkpoint: Option<&str>,
    next: Option<UnixMs>,
) -> Answered<Play> {
    let source = host.source(ticket).unwrap();
    let event = |(at, payload): (usize, &&str)| EventMessage {
        wire: ((*payload).to_owned(), source.key(at)),
        payload: (*payload).to_owned(),
        receipt: None,
    };
    let events = payloads.iter().enumerate().map(event).collect();
    Ok(Answer { events, checkpoint: checkpoint.map(String::from), next })
}

fn later(milliseconds: u64) -> Sent {
    Sent::Later { wait: std::time::Duration::from_millis(milliseconds), server: false }
}

fn failed() -> Answered<Play> {
    Err(FailureMessage::new("trap", "m"))
}

#[test]
fn the_order_of_effects_is_event_then_checkpoint_then_next_call() {
    let mut host = host();
    let call = started(&mut host, TriggerKind::Asset);
    let outcome = answer(&host, call, &["1", "2"], Some("\"c\""), Some(0));
    assert!(host.poll_ended(call, outcome, 10));
    for expected in ["event 1", "event 2", "checkpoint 1 Some(\"\\\"c\\\"\")"] {
        let (ticket, what) = only_send(&mut host, 10);
        assert!(what.starts_with(expected), "{what}");
        assert!(sent(&host.effects(10)).is_empty(), "one at a time");
        host.sent(ticket, Sent::Accepted, 10);
    }
    let next = poll_ticket(&host.effects(10)).expect("the next call follows the stored checkpoint");
    assert_eq!(host.trigger(next).unwrap().checkpoint.as_deref(), Some("\"c\""));
    assert_eq!(host.trigger(next).unwrap().position, 1);
}

#[test]
fn a_repetition_after_a_lost_answer_is_the_same_message_and_blocks_nobody_else() {
    let mut host = host();
    let call = started(&mut host, TriggerKind::Asset);
    let outcome = answer(&host, call, &["1"], None, Some(60_000));
    host.poll_ended(call, outcome, 0);
    let (ticket, first) = only_send(&mut host, 0);
    host.sent(ticket, later(500), 0);

    host.listed(&[ONE, TriggerId(2)], 100);
    host.claimed(claim(2, TriggerKind::Task), 100);
    let effects = host.effects(100);
    assert!(sent(&effects).is_empty());
    assert!(poll_ticket(&effects).is_some(), "another trigger runs meanwhile");

    let (ticket, again) = only_send(&mut host, 500);
    assert_eq!(first, again);
    host.sent(ticket, Sent::Accepted, 500);
    assert!(only_send(&mut host, 500).1.starts_with("checkpoint 1"), "fired: its position moves on");
}

#[test]
fn a_task_takes_the_first_event_and_is_forgotten_with_its_acceptance() {
    let mut host = host();
    let call = started(&mut host, TriggerKind::Task);
    let outcome = answer(&host, call, &["1"], Some("2"), Some(5));
    host.poll_ended(call, outcome, 0);
    let (ticket, what) = only_send(&mut host, 0);
    assert!(what.starts_with("event 1"));
    // Still listed while its event is in flight: it must not be claimed again.
    assert!(!host.listed(&[ONE], 1));
    host.sent(ticket, Sent::Accepted, 2);
    let effects = host.effects(2);
    assert_eq!((finished(&effects), host.triggers(), host.take_cleanup()), (Some(Finish::Fired), 0, true));
    // Ids can be reused: what is listed again is asked for again.
    assert!(host.listed(&[ONE], 3));
}

#[test]
fn a_task_that_ends_without_an_event_fails_without_lines() {
    let mut host = host();
    let call = started(&mut host, TriggerKind::Task);
    let outcome = answer(&host, call, &[], None, None);
    host.poll_ended(call, outcome, 0);
    let (ticket, what) = only_send(&mut host, 0);
    assert_eq!(what, "failure no-event");
    host.sent(ticket, Sent::Accepted, 0);
    assert_eq!(finished(&host.effects(0)), Some(Finish::Failed));
}

#[test]
fn a_watcher_that_fails_starts_again_with_growing_waits() {
    let mut host = host();
    let mut call = started(&mut host, TriggerKind::Asset);
    let mut now = 0;
    let mut waits = Vec::new();
    for _ in 0..12 {
        host.poll_ended(call, failed(), now);
        assert!(poll_ticket(&host.effects(now)).is_none());
        let mut due = host.next_wake().unwrap();
        // The wheel may ask to be looked at earlier, to cascade.
        call = loop {
            if let Some(ticket) = poll_ticket(&host.effects(due)) {
                break ticket;
            }
            due = host.next_wake().unwrap();
        };
        waits.push(due - now);
        now = due;
    }
    assert!(waits[0] >= 500 && waits[0] <= 1_000, "{waits:?}");
    assert!(waits.windows(2).all(|pair| pair[1] >= pair[0]), "{waits:?}");
    assert!(waits[11] >= 150_000 && waits[11] <= 300_000, "{waits:?}");
}

#[test]
fn a_vanished_task_is_killed_only_when_nothing_else_explains_it() {
    for (heartbeats_good, expected) in [(true, Finish::Killed), (false, Finish::Gone)] {
        let mut host = host();
        let call = started(&mut host, TriggerKind::Task);
        host.note_heartbeats(heartbeats_good);
        host.listed(&[], 5);
        let effects = host.effects(5);
        assert!(matches!(effects[0], Effect::CancelPoll(ticket) if ticket == call));
        assert_eq!(finished(&effects), Some(expected));
        assert_eq!(effects.iter().any(|effect| matches!(effect, Effect::Kill(_))), heartbeats_good);
        assert!(!host.poll_ended(call, failed(), 6), "what a cancelled call says does not count");
        assert!(host.is_quiescent());
    }
}

#[test]
fn a_task_that_is_killed_while_its_checkpoint_is_on_its_way_is_killed_all_the_same() {
    for answer_of_the_api in [Sent::Accepted, Sent::Gone] {
        for listed_first in [true, false] {
            let mut host = host();
            let call = started(&mut host, TriggerKind::Task);
            let outcome = answer(&host, call, &[], Some("1"), Some(60_000));
            host.poll_ended(call, outcome, 0);
            let (ticket, _) = only_send(&mut host, 0);
            if listed_first {
                host.listed(&[], 1);
            }
            host.sent(ticket, answer_of_the_api.clone(), 2);
            host.listed(&[], 3);
            let effects = host.effects(3);
            assert!(effects.iter().any(|effect| matches!(effect, Effect::Kill(_))), "{answer_of_the_api:?}");
        }
    }
}

#[test]
fn an_event_on_its_way_outlives_the_listing() {
    let mut host = host();
    let call = started(&mut host, TriggerKind::Task);
    let outcome = answer(&host, call, &["1"], None, None);
    host.poll_ended(call, outcome, 0);
    let (ticket, _) = only_send(&mut host, 0);
    host.listed(&[], 1);
    assert_eq!((finished(&host.effects(1)), host.triggers()), (None, 1));
    host.sent(ticket, later(0), 1);
    let (ticket, _) = only_send(&mut host, 1);
    host.sent(ticket, Sent::Accepted, 2);
    assert_eq!(finished(&host.effects(2)), Some(Finish::Fired));
}

#[test]
fn a_refused_event_fails_its_task_and_a_refused_failure_is_held() {
    let mut host = host();
    let call = started(&mut host, TriggerKind::Task);
    let outcome = answer(&host, call, &["1"], None, None);
    host.poll_ended(call, outcome, 0);
    let (ticket, _) = only_send(&mut host, 0);
    host.sent(ticket, Sent::Refused("422".into()), 0);
    let (ticket, what) = only_send(&mut host, 0);
    assert_eq!(what, "failure refused");
    host.sent(ticket, Sent::Refused("422".into()), 0);
    host.effects(0);
    assert_eq!((host.held(), host.has_deliveries()), (1, false));
}

#[test]
fn a_pause_drops_running_calls_and_starts_them_again_from_the_checkpoint() {
    let mut host = host();
    let call = started(&mut host, TriggerKind::Task);
    host.pause(1);
    let effects = host.effects(1);
    assert!(matches!(effects[..], [Effect::CancelPoll(ticket)] if ticket == call));
    assert!(!host.poll_ended(call, failed(), 2));
    assert!(poll_ticket(&host.effects(3)).is_none());
    host.resume();
    assert!(poll_ticket(&host.effects(4)).is_some());
}

#[test]
fn a_guest_that_always_hurries_is_slowed_down() {
    let mut host = host();
    let mut call = started(&mut host, TriggerKind::Task);
    let mut calls = 0;
    for now in 0..2_000 {
        let at_once = Ok(Answer { events: Vec::new(), checkpoint: None, next: Some(now) });
        if host.poll_ended(call, at_once, now) {
            calls += 1;
        }
        if let Some(ticket) = poll_ticket(&host.effects(now)) {
            call = ticket;
        }
    }
    assert!((10..=13).contains(&calls), "{calls}");
}

#[test]
fn a_new_job_forgets_the_claims_but_not_what_is_still_to_be_told() {
    let mut host = host();
    let call = started(&mut host, TriggerKind::Task);
    host.listed(&[ONE, TriggerId(2)], 0);
    host.claimed(claim(2, TriggerKind::Task), 0);
    let outcome = answer(&host, call, &["1"], None, None);
    host.poll_ended(call, outcome, 0);
    host.effects(0);
    host.forget_claims(Server { job: 8, ..SINGLES }, 1);
    assert_eq!(host.triggers(), 1, "only the one with an event on its way");
    assert!(host.listed(&[ONE, TriggerId(2)], 2));
    assert!(host.effects(2).iter().any(|effect| matches!(effect, Effect::Fetch(ids) if ids == &[TriggerId(2)])));
}
