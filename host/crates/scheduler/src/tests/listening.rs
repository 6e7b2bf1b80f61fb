//! Triggers of shared streams.

use super::*;

fn listener(host: &mut Host, id: i64, kind: TriggerKind) -> Ticket {
    host.listed(&[TriggerId(id)], 0);
    host.effects(0);
    host.claimed(Claim { class: Some("filter"), ..claim(id, kind) }, 0);
    listens(&host.effects(0)).expect("it listens at once")
}

fn listens(effects: &[Effect<Play>]) -> Option<Ticket> {
    effects.iter().find_map(|effect| match effect {
        Effect::Listen(ticket) => Some(*ticket),
        _ => None,
    })
}

fn events(host: &Host, ticket: Ticket, payloads: &[&str]) -> Heard<Play> {
    let Ok(Answer { events, .. }) = answer(host, ticket, payloads, None, None) else { unreachable!() };
    Heard { outcome: Ok(events), worked: true }
}

fn broken(worked: bool) -> Heard<Play> {
    let Err(failure) = failed() else { unreachable!() };
    Heard { outcome: Err(failure), worked }
}

#[test]
fn those_who_wait_for_raw_events_take_no_place_of_calls() {
    let mut host = host();
    let ids: Vec<_> = (1..=20).map(TriggerId).collect();
    host.listed(&ids, 0);
    host.effects(0);
    for id in 1..=19 {
        host.claimed(Claim { class: Some("filter"), ..claim(id, TriggerKind::Asset) }, 0);
    }
    host.claimed(claim(20, TriggerKind::Task), 0);
    let effects = host.effects(0);
    assert_eq!(effects.iter().filter(|effect| matches!(effect, Effect::Listen(_))).count(), 19);
    assert!(poll_ticket(&effects).is_some(), "more listen than there are places for calls");
    assert_eq!(host.polling(), 1);
}

#[test]
fn a_watcher_goes_on_when_all_it_heard_is_told_and_stores_no_checkpoint() {
    let mut host = host();
    let ticket = listener(&mut host, 1, TriggerKind::Asset);
    assert!(host.heard(ticket, events(&host, ticket, &["1", "2"]), 5));
    let (first, _) = only_send(&mut host, 5);
    host.sent(first, Sent::Accepted, 6);
    let effects = host.effects(6);
    assert!(listens(&effects).is_none(), "the second event is not told yet");
    let (second, name) = sent(&effects).pop().unwrap();
    assert!(name.starts_with("event 2"), "{name}");
    host.sent(second, Sent::Accepted, 7);
    let effects = host.effects(7);
    assert!(listens(&effects).is_some() && sent(&effects).is_empty());
    assert!(!host.heard(ticket, broken(false), 8), "an old ticket changes nothing");
}

#[test]
fn a_task_takes_the_first_event_and_ends() {
    let mut host = host();
    let ticket = listener(&mut host, 1, TriggerKind::Task);
    host.heard(ticket, events(&host, ticket, &["1", "2"]), 5);
    let (only, _) = only_send(&mut host, 5);
    host.sent(only, Sent::Accepted, 6);
    assert_eq!(finished(&host.effects(6)), Some(Finish::Fired));
}

#[test]
fn a_watcher_whose_filter_fails_listens_again_later_and_a_task_fails() {
    let mut host = host();
    let mut ticket = listener(&mut host, 1, TriggerKind::Asset);
    let mut now = 0;
    let mut wait = |worked: bool| {
        host.heard(ticket, broken(worked), now);
        let effects = host.effects(now);
        assert!(listens(&effects).is_none());
        let again = effects.iter().find_map(|effect| match effect {
            Effect::Report(_, Step { what: StepKind::Failed { again, .. }, .. }) => *again,
            _ => None,
        });
        let again = again.unwrap();
        let waited = again - now;
        now = again;
        ticket = listens(&host.effects(now)).unwrap();
        waited
    };
    let (first, second, third) = (wait(false), wait(false), wait(false));
    assert!(first < second && second < third, "{first} {second} {third}");
    assert_eq!(wait(true), first, "a filter that worked in between starts with a clean record");

    let ticket = listener(&mut host, 2, TriggerKind::Task);
    host.heard(ticket, broken(false), now);
    let (_, name) = only_send(&mut host, now);
    assert_eq!(name, "failure trap");
}

#[test]
fn a_drain_ends_listening_at_once_and_a_pause_not_at_all() {
    let mut host = host();
    let ticket = listener(&mut host, 1, TriggerKind::Asset);
    host.pause(5);
    assert!(host.effects(5).is_empty(), "it would miss what is read for others meanwhile");
    host.heard(ticket, events(&host, ticket, &["1"]), 6);
    let (only, _) = only_send(&mut host, 6);
    host.sent(only, Sent::Accepted, 7);
    assert!(listens(&host.effects(7)).is_none(), "nothing new is begun");
    host.resume();
    let ticket = listens(&host.effects(8)).unwrap();
    host.drain();
    assert!(matches!(&host.effects(9)[..], [Effect::CancelPoll(cancelled)] if *cancelled == ticket));
    assert!(!host.heard(ticket, broken(false), 10));
    assert!(listens(&host.effects(60_000)).is_none());
}

#[test]
fn a_new_catalog_makes_it_listen_anew() {
    let mut host = host();
    let ticket = listener(&mut host, 1, TriggerKind::Asset);
    host.remap(|_| Some("filter"), 5);
    let effects = host.effects(5);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::CancelPoll(cancelled) if *cancelled == ticket)));
    assert!(listens(&effects).is_some());
}

#[test]
fn one_that_is_gone_leaves_its_stream_for_good_and_one_that_may_come_back_does_not() {
    for (kind, heartbeats_good, for_good) in [
        (TriggerKind::Task, true, true),
        (TriggerKind::Asset, true, true),
        (TriggerKind::Task, false, false),
        (TriggerKind::Asset, false, false),
        (TriggerKind::Callback, true, false),
    ] {
        let mut host = host();
        let listening = listener(&mut host, 1, kind);
        host.note_heartbeats(heartbeats_good);
        host.listed(&[], 5);
        let effects = host.effects(5);
        let cancelled = |effect: &Effect<_>| matches!(effect, Effect::CancelPoll(ticket) if *ticket == listening);
        let leaves = |effect: &Effect<_>| matches!(effect, Effect::Leave(TriggerId(1)));
        let cancelled = effects.iter().position(cancelled).unwrap();
        let left = effects.iter().position(leaves);
        assert_eq!(left.is_some(), for_good, "{kind:?} {heartbeats_good}");
        assert!(left.is_none_or(|left| left < cancelled), "said before the call is dropped, which leaves");
    }
}

#[test]
fn a_task_that_has_fired_leaves_its_stream_for_good() {
    let mut host = host();
    let ticket = listener(&mut host, 1, TriggerKind::Task);
    host.heard(ticket, events(&host, ticket, &["1"]), 5);
    let (only, _) = only_send(&mut host, 5);
    host.note_heartbeats(false);
    host.sent(only, Sent::Accepted, 6);
    assert!(host.effects(6).iter().any(|effect| matches!(effect, Effect::Leave(TriggerId(1)))));
}
