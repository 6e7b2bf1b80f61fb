//! The desk under a scheduler that tries interleavings at random: a source, subscribers, storage, a broker and an
//! operator as threads that talk to it through channels. A lost wake-up shows as a deadlock, which the scheduler
//! reports.

use matching::Match;
use shuttle::sync::mpsc::{Receiver, SyncSender, sync_channel};
use shuttle::thread;
use stream_rules::{Batch, Effect, Group, JoinError, Mode, Moment, Policy, Sequence, SubscriptionId, Verdict};
use streams::{Ended, GroupLoop, Leaving, Message, Shell};
use trigger_host_types::TriggerId;

use crate::shapes::{emit, raw, safe};

const EVENTS: usize = 4;
const SUBSCRIBERS: i64 = 2;

/// Effects go to the threads that play the world.
struct Outside {
    source: SyncSender<usize>,
    broker: SyncSender<Effect>,
    closed: bool,
}

impl Shell for Outside {
    fn now(&self) -> Moment {
        Moment::default()
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Read { max } => {
                // The source may be done.
                let _ = self.source.send(max);
            }
            Effect::Advance { .. } => self.broker.send(effect).expect("the broker listens"),
            Effect::Close => self.closed = true,
            _ => {}
        }
    }
}

fn source(room: &Receiver<usize>, read: &SyncSender<usize>, desk: &SyncSender<Message>) {
    let mut left = EVENTS;
    while left > 0 {
        let now = room.recv().expect("it is read until it is done").min(left);
        let names = (left - now..left).map(|number| format!("e{number}"));
        let events = names.map(|name| raw(&name, if name.ends_with(['0', '2']) { "x" } else { "y" })).collect();
        left -= now;
        desk.send(Message::Read(events, None)).expect("the desk listens");
        read.send(EVENTS - left).expect("the operator listens");
    }
}

/// Pauses at each read, and resumes when all that was read is advanced past: then nothing but the resume can lead to
/// the next read.
fn operator(read: &Receiver<usize>, advanced: &Receiver<usize>, desk: &SyncSender<Message>) {
    let mut done = 0;
    while let Ok(so_far) = read.recv() {
        desk.send(Message::Pause).expect("the desk listens");
        while done < so_far {
            done = advanced.recv().expect("a paused group goes on with what it has");
        }
        desk.send(Message::Resume).expect("the desk listens");
    }
}

fn ask<T: Send + 'static>(desk: &SyncSender<Message>, message: impl FnOnce(streams::Reply<T>) -> Message) -> T {
    let (reply, answer) = sync_channel(1);
    desk.send(message(Box::new(move |value| reply.send(value).is_ok()))).expect("the desk listens");
    answer.recv().expect("everyone is answered")
}

/// Takes everything there is, emits on every event, and leaves without waiting for the confirmations.
fn subscriber(subscription: SubscriptionId, desk: &SyncSender<Message>, storage: &SyncSender<stream_rules::Seq>) {
    let mut left = EVENTS;
    while left > 0 {
        let pull = |reply| Message::Pull { subscription, max: 2, reply };
        let batch: Result<Batch, Ended> = ask(desk, pull);
        let batch = batch.expect("nothing fails here");
        left -= batch.len();
        let verdicts: Vec<Verdict> = batch.iter().map(|_| emit(1)).collect();
        let given = ask(desk, |reply| Message::Verdicts { subscription, verdicts, reply }).expect("they fit");
        for seq in given.into_iter().flatten() {
            storage.send(seq).expect("storage listens");
        }
    }
    desk.send(Message::Leave(subscription, Leaving::Away)).expect("the desk listens");
}

fn scene(policy: Policy) {
    let (inbox, messages) = sync_channel(64);
    let (room, reads) = sync_channel(64);
    let (calls, advances) = sync_channel(64);
    let (stored, events) = sync_channel(64);
    let (mut effects, now) = (Vec::new(), Moment::default());
    let group = Group::new(policy, Mode::Ack, Sequence::default(), [], now, &mut effects);
    let outside = Outside { source: room, broker: calls, closed: false };
    let mut desk = GroupLoop::new(group, outside, effects);
    desk.handle(Message::Opened);
    let mut threads = Vec::new();
    for trigger in 0..SUBSCRIBERS {
        let (told, joined) = sync_channel(1);
        let reply = Box::new(move |id: Result<SubscriptionId, JoinError>| told.send(id).is_ok());
        desk.handle(Message::Join { trigger: TriggerId(trigger), wanted: Match::default(), reply });
        let id = joined.recv().expect("answered").expect("it joins");
        let (desk, storage) = (inbox.clone(), stored.clone());
        threads.push(thread::spawn(move || subscriber(id, &desk, &storage)));
    }
    let ((read, seen), (settled, progress)) = (sync_channel(64), sync_channel(64));
    let to_desk = inbox.clone();
    threads.push(thread::spawn(move || source(&reads, &read, &to_desk)));
    let to_desk = inbox.clone();
    threads.push(thread::spawn(move || operator(&seen, &progress, &to_desk)));
    let to_desk = inbox.clone();
    threads.push(thread::spawn(move || {
        while let Ok(seq) = events.recv() {
            to_desk.send(Message::Confirm(vec![seq])).expect("the desk listens");
        }
    }));
    let broker = thread::spawn(move || {
        let mut advanced = 0;
        while let Ok(Effect::Advance { batch, items, .. }) = advances.recv() {
            assert!(items.iter().all(|item| item.outcome.is_clean()), "{items:?}");
            advanced += items.len();
            inbox.send(Message::Advanced(batch, Ok(()))).expect("the desk listens");
            settled.send(advanced).expect("the operator listens");
            if advanced == EVENTS {
                break;
            }
        }
        advanced
    });
    drop(stored);
    while !desk.is_done() {
        if std::mem::take(&mut desk.shell().closed) {
            desk.handle(Message::Closed);
            continue;
        }
        desk.handle(messages.recv().expect("somebody will say something"));
    }
    // All of it was stored before the group went: the last one to leave is waited for.
    assert_eq!(broker.join().expect("it ends"), EVENTS);
    while messages.try_recv().is_ok() {}
    threads.into_iter().for_each(|thread| thread.join().expect("it ends"));
}

#[test]
fn nothing_is_lost_in_any_order() {
    for queue in [1, 2, 8] {
        shuttle::check_random(move || scene(Policy { queue, max_outstanding: Some(3), ..safe() }), 300);
    }
}
