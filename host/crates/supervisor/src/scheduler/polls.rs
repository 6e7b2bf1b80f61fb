//! Calls of guests: starting them in fair order, and turning what they answer into what the API is told.

use encodings::{WireEvent, WireKind};
use execution_api::StoredCheckpoint;
use execution_api::retry::Backoff;
use serde_json::value::RawValue;
use trigger_host_types::{IdempotencyKey, TriggerKind, UnixMs};

use super::outbox::{EventMessage, FailureMessage, Message, Outbox, Then};
use super::{Effect, Mapped, Phase, Scheduler, Ticket};
use crate::key::{Place, Source};
use crate::observer::What;

/// A guest is not called any more so long after its deferral timed out: the scheduler ends it, but may be slow.
const PAST_TIMEOUT_MS: u64 = 60_000;
/// A guest that asks to be called at once this many times in a row has to wait from then on.
const HURRIED: u8 = 10;
const HURRY_MS: u64 = 100;
const HURRIED_WAIT_MS: u64 = 1_000;

/// An outcome whose events are encoded for the API.
#[derive(Debug)]
pub(crate) struct Answer {
    /// In the order to fire them.
    pub(crate) events: Vec<EventMessage>,
    /// Replaces the stored one.
    pub(crate) checkpoint: Option<String>,
    /// When to call again; none when the guest is done.
    pub(crate) next: Option<UnixMs>,
}

/// What a call came to.
pub(crate) type Answered = Result<Answer, FailureMessage>;

impl<C: Mapped> Scheduler<C> {
    pub(super) fn start_polls(&mut self, now: UnixMs) {
        if self.paused || self.draining {
            return;
        }
        while let Some((group, (due, ticket))) = self.ready.pop() {
            let Some(trigger) = self.table.get(ticket) else {
                self.ready.done(group);
                continue;
            };
            if trigger.timeout_at.is_some_and(|timeout| now > timeout.saturating_add(PAST_TIMEOUT_MS)) {
                self.ready.done(group);
                self.table.renew(ticket.slot, Phase::Held);
                continue;
            }
            let listens = trigger.class.as_ref().is_some_and(C::listens);
            if let Some(trigger) = self.table.row_mut(ticket.slot) {
                trigger.started = true;
            }
            if listens {
                self.ready.done(group);
                self.listen(ticket.slot);
            } else if let Some(ticket) = self.table.renew(ticket.slot, Phase::Polling) {
                self.effects.push(Effect::Poll { ticket, due });
            }
        }
    }

    /// A call has ended. False when the ticket is outdated: the call was cancelled, and nothing of it counts.
    pub(crate) fn poll_ended(&mut self, ticket: Ticket, answered: Answered, now: UnixMs) -> bool {
        let Some(trigger) = self.table.get(ticket).filter(|trigger| trigger.phase == Phase::Polling) else {
            return false;
        };
        self.ready.done(trigger.group);
        let kind = trigger.kind;
        match (answered, kind) {
            (Ok(answer), TriggerKind::Task) => self.task_answered(ticket.slot, answer, now),
            (Ok(answer), _) => self.watcher_answered(ticket.slot, answer, now),
            (Err(failure), TriggerKind::Task) => {
                self.deliver(ticket.slot, vec![Message::Failure(failure)], Then::Settle, now);
            }
            (Err(failure), TriggerKind::Asset) => self.watcher_failed(ticket.slot, failure, now),
            (Err(failure), TriggerKind::Callback) => self.callback_failed(ticket.slot, &failure, now),
        }
        true
    }

    /// A task takes the first event only, and its trigger ends with it.
    fn task_answered(&mut self, slot: u32, answer: Answer, now: UnixMs) {
        if let Some(event) = answer.events.into_iter().next() {
            return self.deliver(slot, vec![Message::Event(event)], Then::Settle, now);
        }
        let Some(next) = answer.next else {
            let failure = FailureMessage {
                reason: "no-event",
                message: "the trigger finished without an event".into(),
                lines: None,
            };
            return self.deliver(slot, vec![Message::Failure(failure)], Then::Settle, now);
        };
        let checkpoint = self.checkpoint_message(slot, answer.checkpoint, false);
        let next = self.unhurried(slot, next, now);
        self.deliver(slot, checkpoint.into_iter().collect(), Then::Poll(next), now);
    }

    /// A watcher runs until it is taken away; a callback until it is done.
    fn watcher_answered(&mut self, slot: u32, answer: Answer, now: UnixMs) {
        let fired = !answer.events.is_empty();
        let mut messages: Vec<_> = answer.events.into_iter().map(Message::Event).collect();
        let kind = self.table.row(slot).map(|trigger| trigger.kind);
        let then = match answer.next {
            Some(next) => {
                if let Some(trigger) = self.table.row_mut(slot) {
                    trigger.failures = 0;
                }
                Then::Poll(self.unhurried(slot, next, now))
            }
            None if kind == Some(TriggerKind::Callback) => Then::Settle,
            // Airflow starts a watcher that has ended again at its next round; here with the back-off of a failure.
            None => Then::Poll(self.restart_at(slot, fired, now)),
        };
        if then != Then::Settle {
            messages.extend(self.checkpoint_message(slot, answer.checkpoint, fired));
        }
        self.deliver(slot, messages, then, now);
    }

    pub(super) fn watcher_failed(&mut self, slot: u32, failure: FailureMessage, now: UnixMs) {
        let again = self.restart_at(slot, false, now);
        self.tell_failed(slot, &failure, Some(again), now);
        self.arm(slot, Phase::Idle, again);
    }

    /// The failure route ignores callbacks: a failed one is an event (docs/design/triggerer.md#running-and-failing).
    pub(super) fn callback_failed(&mut self, slot: u32, failure: &FailureMessage, now: UnixMs) {
        let source = self.table.ticket(slot).and_then(|ticket| self.source(ticket));
        self.tell_failed(slot, failure, None, now);
        let message = source.map(|source| failed_event(failure, source.key(0)));
        self.deliver(slot, message.into_iter().collect(), Then::Settle, now);
    }

    pub(super) fn tell_failed(&mut self, slot: u32, failure: &FailureMessage, again: Option<UnixMs>, now: UnixMs) {
        let failed = What::Failed {
            reason: failure.reason,
            message: failure.message.clone(),
            lines: failure.lines.clone().unwrap_or_default(),
            again,
        };
        self.tell(slot, now, failed);
    }

    fn restart_at(&mut self, slot: u32, fired: bool, now: UnixMs) -> UnixMs {
        let Some(trigger) = self.table.row_mut(slot) else { return now };
        if fired {
            trigger.failures = 0;
        }
        trigger.failures = trigger.failures.saturating_add(1);
        // Ids differ, so watchers that fail together start again apart, and a test sees the same waits every time.
        let spread = (trigger.id.0.rem_euclid(16)) as f64 / 15.0;
        let wait = Backoff::WATCHER.next_wait(u32::from(trigger.failures), spread);
        now.saturating_add(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX))
    }

    /// `next`, unless the guest has asked to be called at once too often in a row.
    fn unhurried(&mut self, slot: u32, next: UnixMs, now: UnixMs) -> UnixMs {
        let Some(trigger) = self.table.row_mut(slot) else { return next };
        if next > now.saturating_add(HURRY_MS) {
            trigger.hurried = 0;
            return next;
        }
        trigger.hurried = trigger.hurried.saturating_add(1);
        if trigger.hurried > HURRIED { now.saturating_add(HURRIED_WAIT_MS) } else { next.max(now) }
    }

    /// What makes the keys of the outcome that the call behind `ticket` answers.
    pub(crate) fn source(&self, ticket: Ticket) -> Option<Source> {
        let trigger = self.table.get(ticket)?;
        let identity =
            trigger.task.as_ref().map_or_else(|| trigger.classpath.to_string(), |task| task.id().to_string());
        let life = (!self.server.checkpoints).then_some(self.server.job);
        Some(Source { trigger: trigger.id, identity, life, place: Place::Position(trigger.position) })
    }

    /// The checkpoint to store, if it differs from the stored one or events were fired: then its position must move on, so that the next
    /// events carry other keys.
    fn checkpoint_message(&mut self, slot: u32, checkpoint: Option<String>, fired: bool) -> Option<Message> {
        let checkpoints = self.server.checkpoints;
        let trigger = self.table.row_mut(slot)?;
        let changed = checkpoint.is_some() && checkpoint.as_deref() != trigger.checkpoint.as_deref();
        if !changed && !fired {
            return None;
        }
        let position = trigger.position + 1;
        let value = checkpoint.or_else(|| trigger.checkpoint.as_deref().map(String::from));
        if checkpoints {
            return Some(Message::Checkpoint(StoredCheckpoint { position, value }));
        }
        trigger.position = position;
        trigger.checkpoint = value.map(String::into_boxed_str);
        None
    }

    pub(super) fn deliver(&mut self, slot: u32, messages: Vec<Message>, then: Then, now: UnixMs) {
        if messages.is_empty() {
            return self.follow(slot, then, now);
        }
        if let Some(trigger) = self.table.row_mut(slot) {
            trigger.outbox = Some(Outbox::new(messages, then));
        }
        self.queue_send_from(slot, now);
    }
}

/// The event that says that a callback has failed.
fn failed_event(failure: &FailureMessage, key: IdempotencyKey) -> Message {
    let mut body = failure.message.clone();
    for line in failure.lines.iter().flatten().filter(|line| **line != failure.message) {
        body.push('\n');
        body.push_str(line);
    }
    let payload = serde_json::json!({"state": "failed", "body": body}).to_string();
    let wire = RawValue::from_string(payload.clone()).unwrap_or_else(|_| RawValue::NULL.to_owned());
    Message::Event(EventMessage {
        wire: WireEvent { payload: wire, kind: WireKind::Fire, key },
        payload,
        receipt: None,
    })
}
