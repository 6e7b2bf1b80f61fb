//! Calls of guests: starting them in fair order, and turning their answers into what is delivered to Airflow.

use std::time::Duration;

use trigger_host_types::step::StepKind;
use trigger_host_types::{Backoff, IdempotencyKey, TriggerKind, UnixMs};

use crate::effect::Effect;
use crate::impossible::Impossible;
use crate::key::{Place, Source};
use crate::outbox::{Checkpoint, EventMessage, FailureMessage, Message, Outbox, Then};
use crate::outside::Outside;
use crate::scheduler::Scheduler;
use crate::table::{Phase, Slot, Ticket};

/// How long after its deferral timed out a guest is still called: Airflow ends the deferral, but may be slow.
const PAST_TIMEOUT_MS: u64 = 60_000;
/// A guest that asks to be called at once this many times in a row has to wait from then on.
const HURRIED: u8 = 10;
const HURRY_MS: u64 = 100;
const HURRIED_WAIT_MS: u64 = 1_000;
/// Waits before a failed asset watcher is started again: 1 s to 5 min.
const WATCHER_WAITS: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(300));

/// An outcome whose events are encoded for the API.
#[derive(Debug)]
pub struct Answer<O: Outside> {
    /// In the order in which to fire them.
    pub events: Vec<EventMessage<O>>,
    /// Replaces the stored one.
    pub checkpoint: Option<String>,
    /// When to call again; `None` when the guest is done.
    pub next: Option<UnixMs>,
}

/// How a call ended.
pub type Answered<O> = Result<Answer<O>, FailureMessage>;

impl<O: Outside> Scheduler<O> {
    pub(crate) fn start_polls(&mut self, now: UnixMs) {
        if self.paused || self.draining {
            return;
        }
        while let Some((group, (due, ticket))) = self.ready.pop() {
            let slot = ticket.slot;
            let Some(trigger) = self.table.get_mut(ticket) else {
                self.ready.done(group);
                continue;
            };
            if trigger.timeout_at.is_some_and(|timeout| now > timeout.saturating_add(PAST_TIMEOUT_MS)) {
                self.ready.done(group);
                self.table.renew(slot, Phase::Held);
                continue;
            }
            trigger.started = true;
            match trigger.class.as_ref().map(O::listens) {
                Some(true) => {
                    self.ready.done(group);
                    self.listen(slot);
                }
                Some(false) => {
                    let ticket = self.table.renew(slot, Phase::Polling);
                    self.effects.extend(ticket.map(|ticket| Effect::Poll { ticket, due }));
                }
                None => {
                    self.ready.done(group);
                    self.count(Impossible::NoClass);
                }
            }
        }
    }

    /// A call has ended. False when the ticket is outdated: the call was cancelled, and nothing of it counts.
    pub fn poll_ended(&mut self, ticket: Ticket, answered: Answered<O>, now: UnixMs) -> bool {
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

    /// A task accepts only the first event, and its trigger ends with it.
    fn task_answered(&mut self, slot: Slot, answer: Answer<O>, now: UnixMs) {
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
        let next = self.slow_down(slot, next, now);
        self.deliver(slot, checkpoint.into_iter().collect(), Then::Poll(next), now);
    }

    /// A watcher runs until it is taken away; a callback until it is done.
    fn watcher_answered(&mut self, slot: Slot, answer: Answer<O>, now: UnixMs) {
        let fired = !answer.events.is_empty();
        let mut messages: Vec<_> = answer.events.into_iter().map(Message::Event).collect();
        let Some(trigger) = self.table.row_mut(slot) else { return self.count(Impossible::EmptySlot) };
        let then = match answer.next {
            Some(next) => {
                trigger.failures = 0;
                Then::Poll(self.slow_down(slot, next, now))
            }
            None if trigger.kind == TriggerKind::Callback => Then::Settle,
            // Airflow starts a watcher that has ended again at its next round; here with the back-off of a failure.
            None => Then::Poll(self.plan_restart(slot, fired, now)),
        };
        if then != Then::Settle {
            messages.extend(self.checkpoint_message(slot, answer.checkpoint, fired));
        }
        self.deliver(slot, messages, then, now);
    }

    pub(crate) fn watcher_failed(&mut self, slot: Slot, failure: FailureMessage, now: UnixMs) {
        let again = self.plan_restart(slot, false, now);
        self.report_failed(slot, &failure, Some(again), now);
        self.arm(slot, Phase::Idle, again);
    }

    /// The failure route ignores callbacks, so a failed one fires an event
    /// (docs/design/triggerer.md#running-and-failing).
    pub(crate) fn callback_failed(&mut self, slot: Slot, failure: &FailureMessage, now: UnixMs) {
        let Some(source) = self.table.ticket(slot).and_then(|ticket| self.source(ticket)) else {
            return self.count(Impossible::EmptySlot);
        };
        self.report_failed(slot, failure, None, now);
        self.deliver(slot, vec![make_failed_event(failure, source.key(0))], Then::Settle, now);
    }

    pub(crate) fn report_failed(&mut self, slot: Slot, failure: &FailureMessage, again: Option<UnixMs>, now: UnixMs) {
        let failed = StepKind::Failed {
            reason: failure.reason,
            message: failure.message.clone(),
            lines: failure.lines.clone().unwrap_or_default(),
            again,
        };
        self.report(slot, now, failed);
    }

    fn plan_restart(&mut self, slot: Slot, fired: bool, now: UnixMs) -> UnixMs {
        let Some(trigger) = self.table.row_mut(slot) else {
            self.count(Impossible::EmptySlot);
            return now;
        };
        if fired {
            trigger.failures = 0;
        }
        trigger.failures = trigger.failures.saturating_add(1);
        // Ids differ, so watchers that fail together start again apart, and a test sees the same waits every time.
        let spread = (trigger.id.0.rem_euclid(16)) as f64 / 15.0;
        let wait = WATCHER_WAITS.next_wait(u32::from(trigger.failures), spread);
        now.saturating_add(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX))
    }

    /// `next`, unless the guest has asked to be called at once too often in a row.
    fn slow_down(&mut self, slot: Slot, next: UnixMs, now: UnixMs) -> UnixMs {
        let Some(trigger) = self.table.row_mut(slot) else {
            self.count(Impossible::EmptySlot);
            return next;
        };
        if next > now.saturating_add(HURRY_MS) {
            trigger.hurried = 0;
            return next;
        }
        trigger.hurried = trigger.hurried.saturating_add(1);
        if trigger.hurried > HURRIED { now.saturating_add(HURRIED_WAIT_MS) } else { next.max(now) }
    }

    /// What the keys of the outcome are made from, for the call behind `ticket`.
    pub fn source(&self, ticket: Ticket) -> Option<Source> {
        let trigger = self.table.get(ticket)?;
        let identity =
            trigger.task.as_ref().map_or_else(|| trigger.classpath.to_string(), |task| task.id().to_string());
        let life = (!self.server.checkpoints).then_some(self.server.job);
        Some(Source { trigger: trigger.id, identity, life, place: Place::Position(trigger.position) })
    }

    /// The checkpoint to store, if it differs from the stored one or events were fired: then its position must move on,
    /// so that the next events carry other keys.
    fn checkpoint_message(&mut self, slot: Slot, checkpoint: Option<String>, fired: bool) -> Option<Message<O>> {
        let checkpoints = self.server.checkpoints;
        let trigger = self.table.row_mut(slot)?;
        let changed = checkpoint.is_some() && checkpoint.as_deref() != trigger.checkpoint.as_deref();
        if !changed && !fired {
            return None;
        }
        let position = trigger.position + 1;
        let value = checkpoint.or_else(|| trigger.checkpoint.as_deref().map(String::from));
        if checkpoints {
            return Some(Message::Checkpoint(Checkpoint { position, value }));
        }
        trigger.position = position;
        trigger.checkpoint = value.map(String::into_boxed_str);
        None
    }

    pub(crate) fn deliver(&mut self, slot: Slot, messages: Vec<Message<O>>, then: Then, now: UnixMs) {
        if messages.is_empty() {
            return self.follow(slot, then, now);
        }
        let Some(trigger) = self.table.row_mut(slot) else { return self.count(Impossible::EmptySlot) };
        trigger.outbox = Some(Outbox::new(messages, then));
        self.queue_send_from(slot, now);
    }
}

/// The event that says that a callback has failed.
fn make_failed_event<O: Outside>(failure: &FailureMessage, key: IdempotencyKey) -> Message<O> {
    let mut body = failure.message.clone();
    for line in failure.lines.iter().flatten().filter(|line| **line != failure.message) {
        body.push('\n');
        body.push_str(line);
    }
    let payload = serde_json::json!({"state": "failed", "body": body}).to_string();
    Message::Event(EventMessage { wire: O::encode_plain(&payload, key), payload, receipt: None })
}
