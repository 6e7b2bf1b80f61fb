//! Events in one request: what goes together, in which order, and what each answer means.

use super::*;

const BATCHES: Server = Server { batches: true, ..SINGLES };

/// One place for requests, and this many asset triggers that have answered with these payloads each.
fn queued(count: i64, payloads: &[&str]) -> Host {
    queued_for(BATCHES, count, payloads)
}

fn queued_for(server: Server, count: i64, payloads: &[&str]) -> Host {
    let bounds = Bounds { live_instances: 1_000, deliveries: 1, ..BOUNDS };
    let mut host = Scheduler::new(bounds, server, 0);
    let ids: Vec<TriggerId> = (1..=count).map(TriggerId).collect();
    host.listed(&ids, 0);
    for id in &ids {
        host.claimed(claim(id.0, TriggerKind::Asset), 0);
    }
    let calls: Vec<Ticket> = host
        .effects(0)
        .iter()
        .filter_map(|effect| match effect {
            Effect::Poll { ticket, .. } => Some(*ticket),
            _ => None,
        })
        .collect();
    for call in calls {
        let outcome = answer(&host, call, payloads, None, Some(60_000));
        host.poll_ended(call, outcome, 0);
    }
    host
}

fn batch(host: &mut Host, now: UnixMs) -> Vec<Batched<Play>> {
    let mut batches = host.effects(now).into_iter().filter_map(|effect| match effect {
        Effect::SendBatch(batch) => Some(batch),
        Effect::Send { .. } => panic!("a single request"),
        _ => None,
    });
    let batch = batches.next().expect("a batch");
    assert!(batches.next().is_none());
    batch
}

fn shape(batch: &[Batched<Play>]) -> Vec<(i64, Vec<String>)> {
    let payload = |message: &Arc<Message<Play>>| match &**message {
        Message::Event(event) => event.payload.clone(),
        other => panic!("{other:?}"),
    };
    batch.iter().map(|one| (one.trigger.0, one.events.iter().map(payload).collect())).collect()
}

fn all(batch: &[Batched<Play>], sent: &Sent) -> Vec<(Ticket, Vec<Sent>)> {
    batch.iter().map(|one| (one.ticket, vec![sent.clone(); one.events.len()])).collect()
}

#[test]
fn what_has_queued_goes_together_in_each_triggers_order() {
    let mut host = queued(3, &["1", "2"]);
    let first = batch(&mut host, 0);
    let two = || vec!["1".to_owned(), "2".to_owned()];
    assert_eq!(shape(&first), [(1, two()), (2, two()), (3, two())]);
    assert!(host.effects(0).is_empty(), "one request at a time here");
    host.batch_sent(all(&first, &Sent::Accepted), true, 0);
    for position in 0..3 {
        let (ticket, what) = only_send(&mut host, 0);
        assert!(what.starts_with("checkpoint 1"), "{position}: {what}");
        host.sent(ticket, Sent::Accepted, 0);
    }
    assert!(host.is_quiescent());
}

#[test]
fn an_event_that_is_due_alone_goes_alone_at_once() {
    let mut host = queued(1, &["1"]);
    assert!(only_send(&mut host, 0).1.starts_with("event 1"));
    let mut plain = queued_for(SINGLES, 2, &["1"]);
    assert!(only_send(&mut plain, 0).1.starts_with("event 1"), "a server without the extension gets single events");
}

#[test]
fn each_answer_counts_for_its_own_trigger_and_nothing_behind_a_failed_one_is_told() {
    let mut host = queued(3, &["1", "2"]);
    let first = batch(&mut host, 0);
    let results = vec![
        (first[0].ticket, vec![Sent::Accepted, later(500)]),
        (first[1].ticket, vec![later(500), later(100)]),
        (first[2].ticket, vec![Sent::Accepted, Sent::Accepted]),
    ];
    host.batch_sent(results, true, 0);
    let (ticket, what) = only_send(&mut host, 0);
    assert!(what.starts_with("checkpoint 1"), "the third one goes on: {what}");
    host.sent(ticket, Sent::Accepted, 0);
    let again = batch(&mut host, 500);
    assert_eq!(shape(&again), [(1, vec!["2".to_owned()]), (2, vec!["1".to_owned(), "2".to_owned()])]);
    assert_eq!((again[0].attempts.all, again[1].attempts.all), (1, 1));
}

#[test]
fn a_repetition_after_a_lost_answer_has_the_same_keys() {
    let mut host = queued(2, &["1", "2"]);
    let first = batch(&mut host, 0);
    let keys: Vec<String> = first.iter().flat_map(|one| &one.events).filter_map(|message| key(message)).collect();
    assert_eq!(keys.len(), 4);
    host.batch_sent(all(&first, &later(100)), false, 0);
    assert_eq!(accept_everything(&mut host, 100), keys);
}

fn key(message: &Message<Play>) -> Option<String> {
    match message {
        Message::Event(event) => Some(event.wire.1.to_string()),
        Message::Failure(_) | Message::Checkpoint(_) => None,
    }
}

/// Accepts all that is sent, and says which keys it had, in order.
fn accept_everything(host: &mut Host, now: UnixMs) -> Vec<String> {
    let mut keys = Vec::new();
    while host.has_deliveries() {
        for effect in host.effects(now) {
            match effect {
                Effect::Send { ticket, message, .. } => {
                    keys.extend(key(&message));
                    host.sent(ticket, Sent::Accepted, now);
                }
                Effect::SendBatch(batch) => {
                    keys.extend(batch.iter().flat_map(|one| &one.events).filter_map(|message| key(message)));
                    host.batch_sent(all(&batch, &Sent::Accepted), true, now);
                }
                _ => {}
            }
        }
    }
    keys
}

#[test]
fn a_batch_that_is_refused_whole_goes_one_by_one() {
    let mut host = queued(2, &["1"]);
    let first = batch(&mut host, 0);
    host.batch_sent(all(&first, &Sent::Alone), true, 0);
    let (ticket, what) = only_send(&mut host, 0);
    assert!(what.starts_with("event 1"));
    host.sent(ticket, Sent::Refused("422".into()), 0);
    // The refused event is dropped, its position moves on; the other trigger's event goes by itself too.
    let mut seen = Vec::new();
    for _ in 0..3 {
        let (ticket, what) = only_send(&mut host, 0);
        seen.push(what.split(' ').next().unwrap().to_owned());
        host.sent(ticket, Sent::Accepted, 0);
    }
    seen.sort();
    assert_eq!(seen, ["checkpoint", "checkpoint", "event"]);
}

#[test]
fn silence_halves_a_batch_and_answers_double_it() {
    let mut host = queued(200, &["1"]);
    let mut sizes = Vec::new();
    for (now, answered) in (0..).zip([false, false, true, true]) {
        let one = batch(&mut host, now);
        sizes.push(one.len());
        let sent = if answered { Sent::Accepted } else { later(1) };
        host.batch_sent(all(&one, &sent), answered, now);
        // The checkpoints of what was accepted are none of this test's business.
        host.sends.clear();
    }
    assert_eq!(sizes, [64, 32, 16, 32]);
}

#[test]
fn a_batch_has_a_bound_in_bytes_that_a_single_event_may_pass() {
    let large = format!("\"{}\"", "x".repeat(700 * 1024));
    let mut host = queued(3, &[&large]);
    assert!(only_send(&mut host, 0).1.starts_with("event \"xxx"), "two of them are more than a request takes");
    let huge = format!("\"{}\"", "x".repeat(3 << 20));
    let mut host = queued(1, &[&huge, "1"]);
    assert!(only_send(&mut host, 0).1.starts_with("event \"xxx"));
}
