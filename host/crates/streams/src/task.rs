//! One group on tokio.
//!
//! Owns the group's tasks: the open, the read, each advance, the close. Invariants: all of them end with the group; the
//! loop waits for one of messages, a leaver, a finished task and a deadline, each of which is safe to wait for again.

use std::sync::Arc;
use std::time::Duration;

use stream_rules::{AdvanceError, Effect, Group, Lane, Moment, Notice, PollEnd, StreamKey};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, Span};
use trigger_host_types::spans;

use crate::alarm::Alarm;
use crate::calls::{CallId, Calls};
use crate::group_loop::{GroupLoop, Shell};
use crate::leavers::Leavers;
use crate::message::Message;
use crate::producer::{Advance, Producer, Read, Reader, SourceError};
use crate::totals::Follower;

/// How long opening a source may take.
const OPEN: Duration = Duration::from_secs(60);
/// How long closing a producer may take.
const CLOSE: Duration = Duration::from_secs(30);
/// Messages that are taken from the queue together, so that those who wait for room in it are woken together.
const AT_ONCE: usize = 64;

/// What reaches a group from outside.
pub(crate) struct Wires {
    pub(crate) messages: mpsc::Receiver<Message>,
    pub(crate) leavers: Arc<Leavers>,
    pub(crate) stop: CancellationToken,
    pub(crate) paused: watch::Receiver<bool>,
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
    Rewound(Lane, Result<(), SourceError>),
    Closed,
}

/// The tokio side of a group.
pub(crate) struct Tasks {
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
    pub(crate) fn new(key: StreamKey, began: Instant, producer: Arc<dyn Producer>, calls: usize) -> Self {
        let (reader, reading, calls, running) = (None, None, Calls::new(producer.gather(), calls), JoinSet::new());
        Self { key, began, producer, reader, reading, calls, running, outside: Handle::current(), evicted: false }
    }

    /// Begins the calls that may begin.
    fn call(&mut self) {
        while let Some((id, advances)) = self.calls.next() {
            let producer = self.producer.clone();
            let raw_events = advances.iter().map(|advance| advance.items.len()).sum();
            let span = spans::advance(self.key.key(), self.key.class(), advances.len(), raw_events);
            let call = async move {
                let results = producer.advance_many(&advances).await;
                spans::end(&Span::current(), outcome(&results));
                Done::Advanced(id, results)
            };
            let call = self.spawn(call.instrument(span));
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
pub(crate) async fn run(
    group: Group,
    effects: Vec<Effect>,
    tasks: Tasks,
    mut wires: Wires,
    mut totals: Follower,
    mut evicted: impl FnMut(),
) {
    let mut alarm = Alarm::new(tasks.began);
    let mut group = GroupLoop::new(group, tasks, effects);
    let mut stopped = false;
    let (mut inbox, mut others) = (Vec::new(), Vec::new());
    while !group.is_done() {
        alarm.set_to(group.next_wake());
        tokio::select! {
            1.. = wires.messages.recv_many(&mut inbox, AT_ONCE) => {}
            () = wires.leavers.any.notified() => {}
            Some(done) = group.shell().running.join_next() => group.shell().finished(done, &mut others),
            () = &mut alarm => others.push(Message::Tick),
            () = wires.stop.cancelled(), if !stopped => {
                stopped = true;
                others.push(Message::Stop);
            }
            Ok(()) = wires.paused.changed() => wires.paused.mark_changed(),
        }
        inbox.dedup_by(|next, message| message.takes(next));
        inbox.drain(..).for_each(|message| turn(&mut group, &mut wires, [message]));
        turn(&mut group, &mut wires, others.drain(..));
        totals.follow(group.totals());
        if std::mem::take(&mut group.shell().evicted) {
            evicted();
        }
    }
}

/// One message, or all that one thing says, and what has come about meanwhile: what has returned does not wait for the
/// rest of a crowd, so that reading and advancing go on beside it. Calls begin behind all of that, so that what is
/// ready goes together.
fn turn(group: &mut GroupLoop<Tasks>, wires: &mut Wires, messages: impl IntoIterator<Item = Message>) {
    // Who has left is gone before anything that was sent later, such as its own return.
    let left = wires.leavers.take().into_iter().map(|(subscription, how)| Message::Leave(subscription, how));
    let mut messages: Vec<Message> = left.chain(messages).collect();
    while let Some(done) = group.shell().running.try_join_next() {
        group.shell().finished(done, &mut messages);
    }
    for message in messages {
        // Before anything that could lead to a read.
        wires.pause().into_iter().for_each(|pause| group.handle(pause));
        group.handle(message);
    }
    wires.pause().into_iter().for_each(|pause| group.handle(pause));
    while let Some(failed) = group.shell().calls.next_failed() {
        group.handle(failed);
    }
    group.shell().call();
}

pub(crate) fn moment(began: Instant, now: Instant) -> Moment {
    Moment::default().after(now.saturating_duration_since(began))
}

/// How a call of advance ended, as its span says it. A call that is given up says nothing.
fn outcome(results: &[Result<(), AdvanceError>]) -> &'static str {
    let errors = || results.iter().filter_map(|result| result.as_ref().err());
    match errors().next() {
        None => "ok",
        Some(_) if errors().any(|error| error.fatal) => "failed",
        Some(_) => "retry",
    }
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
