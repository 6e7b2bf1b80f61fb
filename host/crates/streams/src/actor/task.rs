//! One group on tokio.
//!
//! Owns the group's tasks: the open, the read, each advance, the close. Invariants: all of them end with the group; the
//! loop waits for one of messages, a leaver, a finished task and a deadline, each of which is safe to wait for again.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::{AbortHandle, JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::alarm::Alarm;
use super::calls::{CallId, Calls};
use super::desk::{Desk, Shell};
use super::message::{Leaving, Message};
use super::producer::{Advance, Producer, Read, Reader, SourceError};
use super::totals::Follower;
use crate::effect::{Effect, Notice, PollEnd};
use crate::group::{AdvanceError, Group};
use crate::ids::{Moment, StreamKey, SubscriptionId};

/// How long opening a source may take.
const OPEN: Duration = Duration::from_secs(60);
/// How long closing a producer may take.
const CLOSE: Duration = Duration::from_secs(30);
/// Messages that are taken from the queue together, so that those who wait for room in it are woken together.
const AT_ONCE: usize = 64;

/// Those who left without a word. Bounded by the number of subscribers.
#[derive(Debug, Default)]
pub(super) struct Leavers {
    gone: Mutex<Vec<(SubscriptionId, Leaving)>>,
    any: Notify,
}

impl Leavers {
    pub(super) fn leave(&self, subscription: SubscriptionId, how: Leaving) {
        self.gone.lock().unwrap_or_else(PoisonError::into_inner).push((subscription, how));
        self.any.notify_one();
    }

    fn take(&self) -> Vec<(SubscriptionId, Leaving)> {
        std::mem::take(&mut *self.gone.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What reaches a group from outside.
pub(super) struct Wires {
    pub(super) messages: mpsc::Receiver<Message>,
    pub(super) leavers: Arc<Leavers>,
    pub(super) stop: CancellationToken,
    pub(super) paused: watch::Receiver<bool>,
}

impl Wires {
    /// What an operator wants since the last look, if that has changed.
    fn pause(&mut self) -> Option<Message> {
        let changed = self.paused.has_changed().unwrap_or(false);
        changed.then(|| if *self.paused.borrow_and_update() { Message::Pause } else { Message::Resume })
    }
}

/// What a finished task says.
enum Done {
    Opened(Result<Box<dyn Reader>, SourceError>),
    Read(Box<dyn Reader>, Result<Read, SourceError>),
    Advanced(CallId, Vec<Result<(), AdvanceError>>),
    Rewound(crate::ids::Lane, Result<(), SourceError>),
    Closed,
}

/// The tokio side of a desk.
pub(super) struct Tasks {
    key: StreamKey,
    began: Instant,
    producer: Arc<dyn Producer>,
    reader: Option<Box<dyn Reader>>,
    /// The open or the read.
    reading: Option<AbortHandle>,
    calls: Calls,
    running: JoinSet<Done>,
    /// Where these run.
    outside: Handle,
    evicted: bool,
}

impl Tasks {
    /// `calls`: of advance, at the same time. Whatever the producer does runs on the current runtime.
    pub(super) fn new(key: StreamKey, began: Instant, producer: Arc<dyn Producer>, calls: usize) -> Self {
        let (reader, reading, calls, running) = (None, None, Calls::new(producer.gather(), calls), JoinSet::new());
        Self { key, began, producer, reader, reading, calls, running, outside: Handle::current(), evicted: false }
    }

    /// Begins the calls that may begin.
    fn call(&mut self) {
        while let Some((id, advances)) = self.calls.next() {
            let producer = self.producer.clone();
            let call = async move { Done::Advanced(id, producer.advance_many(&advances).await) };
            let call = self.spawn(call);
            self.calls.began(id, call);
        }
    }

    fn spawn(&mut self, work: impl Future<Output = Done> + Send + 'static) -> AbortHandle {
        self.running.spawn_on(work, &self.outside)
    }

    /// What a finished task means for the group.
    fn messages(&mut self, done: Done) -> Vec<Message> {
        let failed = |error: SourceError| PollEnd::Failed(error.0.into());
        match done {
            Done::Opened(Ok(reader)) => {
                self.reader = Some(reader);
                vec![Message::Opened]
            }
            Done::Opened(Err(error)) => vec![Message::OpenFailed(failed(error))],
            Done::Read(reader, Ok(read)) => {
                self.reader = Some(reader);
                vec![Message::Read(read.events, read.end)]
            }
            Done::Read(_, Err(error)) | Done::Rewound(_, Err(error)) => {
                vec![Message::Read(Vec::new(), Some(failed(error)))]
            }
            Done::Rewound(lane, Ok(())) => vec![Message::Rewound(lane)],
            Done::Advanced(call, results) => self.calls.returned(call, results),
            Done::Closed => vec![Message::Closed],
        }
    }

    /// The same for however it finished.
    fn finished(&mut self, done: Result<Done, JoinError>, messages: &mut Vec<Message>) {
        match done {
            Ok(done) => messages.extend(self.messages(done)),
            Err(error) if error.is_cancelled() => {}
            Err(error) => {
                let end = PollEnd::Failed(format!("a task of the producer failed: {error}").into());
                // Whichever it was.
                messages.extend([Message::OpenFailed(end.clone()), Message::Read(Vec::new(), Some(end))]);
                messages.push(Message::Closed);
            }
        }
    }
}

impl Shell for Tasks {
    fn now(&self) -> Moment {
        moment(self.began, Instant::now())
    }

    fn perform(&mut self, effect: Effect) {
        let producer = self.producer.clone();
        match effect {
            Effect::Open => {
                let open = async move {
                    let opened = tokio::time::timeout(OPEN, producer.open()).await;
                    Done::Opened(opened.unwrap_or_else(|_| Err(SourceError("opening took too long".into()))))
                };
                self.reading = Some(self.spawn(open));
            }
            Effect::Read { max } => {
                if let Some(mut reader) = self.reader.take() {
                    self.reading = Some(self.spawn(async move {
                        let read = reader.read(max).await;
                        Done::Read(reader, read)
                    }));
                }
            }
            Effect::StopReading => {
                self.reader = None;
                self.reading.take().iter().for_each(AbortHandle::abort);
            }
            Effect::Advance { batch, lane, items } => self.calls.add(batch, Advance { lane, items }),
            Effect::AbandonAdvance { batch } => self.calls.abandon(batch),
            Effect::Rewind { lane, payload } => {
                self.spawn(async move {
                    let rewound = tokio::time::timeout(OPEN, producer.rewind(&lane, &payload)).await;
                    Done::Rewound(lane, rewound.unwrap_or_else(|_| Err(SourceError("rewinding took too long".into()))))
                });
            }
            Effect::Close => {
                let key = self.key.clone();
                self.spawn(async move {
                    match tokio::time::timeout(CLOSE, producer.close()).await {
                        Ok(Ok(())) => {}
                        Ok(Err(error)) => tracing::warn!(%key, %error, "Closing a producer failed."),
                        Err(_) => tracing::warn!(%key, "Closing a producer took too long."),
                    }
                    Done::Closed
                });
            }
            Effect::Evict => self.evicted = true,
            Effect::Notice(notice) => log(&self.key, &notice),
            Effect::HandOver { .. } | Effect::Fail { .. } | Effect::Exhausted { .. } | Effect::Ended => {}
        }
    }
}

/// Runs one group until it is over and everyone has left. `evicted` is called once, when it takes no more subscribers.
///
/// # Cancel safety
/// Each branch of the loop waits for something that is still there when it is waited for again.
pub(super) async fn run(
    group: Group,
    effects: Vec<Effect>,
    tasks: Tasks,
    mut wires: Wires,
    mut totals: Follower,
    mut evicted: impl FnMut(),
) {
    let mut alarm = Alarm::new(tasks.began);
    let mut desk = Desk::new(group, tasks, effects);
    let mut stopped = false;
    let (mut inbox, mut others) = (Vec::new(), Vec::new());
    while !desk.is_done() {
        alarm.set_to(desk.next_wake());
        tokio::select! {
            1.. = wires.messages.recv_many(&mut inbox, AT_ONCE) => {}
            () = wires.leavers.any.notified() => {}
            Some(done) = desk.shell().running.join_next() => desk.shell().finished(done, &mut others),
            () = &mut alarm => others.push(Message::Tick),
            () = wires.stop.cancelled(), if !stopped => {
                stopped = true;
                others.push(Message::Stop);
            }
            Ok(()) = wires.paused.changed() => wires.paused.mark_changed(),
        }
        inbox.dedup_by(|next, message| message.takes(next));
        inbox.drain(..).for_each(|message| turn(&mut desk, &mut wires, [message]));
        turn(&mut desk, &mut wires, others.drain(..));
        totals.follow(desk.totals());
        if std::mem::take(&mut desk.shell().evicted) {
            evicted();
        }
    }
}

/// One message, or all that one thing says, and what has come about meanwhile: what has returned does not wait for the
/// rest of a crowd, so that reading and advancing go on beside it. Calls begin behind all of that, so that what is
/// ready goes together.
fn turn(desk: &mut Desk<Tasks>, wires: &mut Wires, messages: impl IntoIterator<Item = Message>) {
    // Who has left is gone before anything that was sent later, such as its own return.
    let left = wires.leavers.take().into_iter().map(|(subscription, how)| Message::Leave(subscription, how));
    let mut messages: Vec<Message> = left.chain(messages).collect();
    while let Some(done) = desk.shell().running.try_join_next() {
        desk.shell().finished(done, &mut messages);
    }
    for message in messages {
        // Before anything that could lead to a read.
        wires.pause().into_iter().for_each(|pause| desk.handle(pause));
        desk.handle(message);
    }
    wires.pause().into_iter().for_each(|pause| desk.handle(pause));
    while let Some(failed) = desk.shell().calls.next_failed() {
        desk.handle(failed);
    }
    desk.shell().call();
}

pub(super) fn moment(began: Instant, now: Instant) -> Moment {
    Moment::default().after(now.saturating_duration_since(began))
}

fn log(key: &StreamKey, notice: &Notice) {
    match notice {
        Notice::Overflow(trigger) => {
            tracing::warn!(%key, %trigger, "A shared-stream subscriber fell behind and was failed.")
        }
        Notice::Dropped(trigger, count) => {
            tracing::warn!(%key, %trigger, count, "Raw events were dropped for a slow subscriber.")
        }
        Notice::AckTimeout(trigger, event) => {
            tracing::warn!(%key, %trigger, event = event.0, "A raw event was not processed and stored in time.");
        }
        Notice::Rejected(trigger, event) => {
            tracing::info!(%key, %trigger, event = event.0, "A filter refused a raw event.")
        }
        Notice::RejectWithoutWindow => tracing::warn!(%key, "A reject without a raw event was ignored."),
        Notice::PollFailed(error) => tracing::warn!(%key, %error, "Reading a shared stream failed."),
        Notice::AdvanceRetry(lane, calls) => {
            tracing::warn!(%key, lane = %lane.0.escape_ascii(), calls, "An advance failed and will be repeated.");
        }
        Notice::AdvanceFailed(lane, items, error) => {
            tracing::error!(%key, lane = %lane.0.escape_ascii(), items, %error, "An advance failed for good; the group ends.");
        }
        Notice::LaneHeld(lane, event) => {
            tracing::warn!(%key, lane = %lane.0.escape_ascii(), event = event.0, "A lane waits for a failed raw event.");
        }
        Notice::LanePassed(lane, event) => {
            tracing::warn!(%key, lane = %lane.0.escape_ascii(), event = event.0, "A lane goes past a failed raw event.");
        }
        Notice::DrainOverdue => {
            tracing::warn!(%key, "A shared stream took too long to end; the broker will deliver again.")
        }
    }
}
