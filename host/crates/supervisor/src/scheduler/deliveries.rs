//! Requests to the API on behalf of triggers: in order per trigger, never across triggers, one bad one blocks nobody.

use std::time::Duration;

use trigger_host_types::{TriggerKind, UnixMs};

use super::outbox::{FailureMessage, Message, Then};
use super::{Effect, Mapped, Phase, Scheduler, Ticket};
use crate::observer::{Finish, What};
use crate::streams::Fate;

/// What a request came to, by the retry table of docs/design/triggerer.md#errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sent {
    /// 2xx.
    Accepted,
    /// Again after this wait. `server`: the server itself failed.
    Later { wait: Duration, server: bool },
    /// The batch was refused as a whole: again at once, by itself.
    Alone,
    /// It will never be accepted.
    Refused(String),
    /// The trigger is another host's now.
    NotOurs,
    /// The API does not know the trigger any more.
    Gone,
}

impl<C: Mapped> Scheduler<C> {
    /// Queues the first message of a trigger's outbox, not before a task's first event may leave.
    pub(super) fn queue_send_from(&mut self, slot: u32, now: UnixMs) {
        let Some(trigger) = self.table.row(slot) else { return };
        let outcome = trigger.outbox.as_ref().is_some_and(|outbox| outbox.has_outcome());
        if outcome && trigger.kind == TriggerKind::Task && now < trigger.first_event_at {
            let due = trigger.first_event_at;
            self.arm(slot, Phase::SendLater, due);
        } else {
            self.queue_send(slot);
        }
    }

    pub(super) fn queue_send(&mut self, slot: u32) {
        let Some(ticket) = self.table.renew(slot, Phase::Sending) else { return };
        let outbox = self.table.row(slot).and_then(|trigger| trigger.outbox.as_ref());
        if self.server.batches && outbox.is_some_and(|outbox| outbox.may_be_batched()) {
            self.batches.queue.push_back(ticket);
        } else {
            self.sends.push_back(ticket);
        }
    }

    pub(super) fn start_sends(&mut self) {
        while self.sending < self.bounds.deliveries {
            // Whose turn it is begins; the other one has the place when there is nothing to begin with.
            let batch_first = self.batches.take_turn();
            if batch_first && self.start_batch() {
                continue;
            }
            if !self.start_send() && (batch_first || !self.start_batch()) {
                return;
            }
        }
    }

    fn start_send(&mut self) -> bool {
        while let Some(ticket) = self.sends.pop_front() {
            if self.table.get(ticket).is_none() {
                continue;
            }
            let Some(ticket) = self.table.renew(ticket.slot, Phase::InFlight) else { continue };
            let Some(trigger) = self.table.row(ticket.slot) else { continue };
            let Some(outbox) = &trigger.outbox else { continue };
            let Some(message) = outbox.messages.front().cloned() else { continue };
            self.sending += 1;
            let attempts = outbox.attempts;
            self.effects.push(Effect::Send { ticket, trigger: trigger.id, message, attempts });
            return true;
        }
        false
    }

    /// A request has been answered, or has not.
    pub(crate) fn sent(&mut self, ticket: Ticket, sent: Sent, now: UnixMs) {
        self.sending = self.sending.saturating_sub(1);
        self.answered(ticket, [sent], now);
    }

    /// What became of the first messages of an outbox. Behind the first that was not accepted nothing was tried.
    pub(super) fn answered(&mut self, ticket: Ticket, sent: impl IntoIterator<Item = Sent>, now: UnixMs) {
        if self.table.get(ticket).is_none() {
            return;
        }
        for sent in sent {
            match sent {
                Sent::Accepted if self.accepted(ticket.slot, now) => {}
                Sent::Accepted => return,
                other => return self.not_accepted(ticket.slot, other, now),
            }
        }
        self.next_message(ticket.slot, now);
    }

    fn not_accepted(&mut self, slot: u32, sent: Sent, now: UnixMs) {
        match sent {
            Sent::Accepted => {}
            Sent::Refused(why) => self.refused(slot, &why, now),
            Sent::NotOurs => self.finish(slot, Finish::Gone, now),
            Sent::Gone => self.let_go(slot, now),
            Sent::Alone => {
                if let Some(outbox) = self.table.row_mut(slot).and_then(|trigger| trigger.outbox.as_mut()) {
                    outbox.alone = true;
                }
                self.queue_send(slot);
            }
            Sent::Later { wait, server } => {
                let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
                if let Some(outbox) = self.table.row_mut(slot).and_then(|trigger| trigger.outbox.as_mut()) {
                    outbox.attempts.all = outbox.attempts.all.saturating_add(1);
                    outbox.attempts.server = outbox.attempts.server.saturating_add(u32::from(server));
                }
                self.arm(slot, Phase::SendLater, now.saturating_add(wait));
            }
        }
    }

    /// The first message is told. False: with it the trigger is done.
    fn accepted(&mut self, slot: u32, now: UnixMs) -> bool {
        let Some(trigger) = self.table.row_mut(slot) else { return false };
        let Some(message) = trigger.outbox.as_mut().and_then(|outbox| outbox.pop()) else { return false };
        match &*message {
            Message::Event(event) => {
                trigger.fired = true;
                let (payload, key) = (event.payload.clone(), event.wire.key.clone());
                self.effects.extend(event.receipt.clone().map(|receipt| Effect::Settle(receipt, Fate::Stored)));
                self.tell(slot, now, What::Fired { payload, key });
            }
            Message::Failure(failure) => {
                self.tell_failed(slot, failure, None, now);
                self.finish(slot, Finish::Failed, now);
                return false;
            }
            Message::Checkpoint(checkpoint) => {
                trigger.position = checkpoint.position;
                trigger.checkpoint = checkpoint.value.as_deref().map(Box::from);
            }
        }
        true
    }

    fn next_message(&mut self, slot: u32, now: UnixMs) {
        let Some(trigger) = self.table.row_mut(slot) else { return };
        let Some(outbox) = &trigger.outbox else { return };
        if outbox.messages.is_empty() {
            let then = outbox.then;
            trigger.outbox = None;
            self.follow(slot, then, now);
        } else {
            self.queue_send(slot);
        }
    }

    /// Everything is told: on with it.
    pub(super) fn follow(&mut self, slot: u32, then: Then, now: UnixMs) {
        let Some(trigger) = self.table.row(slot) else { return };
        match then {
            Then::Settle => self.finish(slot, Finish::Fired, now),
            Then::Poll(_) if trigger.vanished => self.let_go(slot, now),
            Then::Poll(due) if due <= now => self.make_ready(slot, due),
            Then::Poll(due) => self.arm(slot, Phase::Idle, due),
        }
    }

    /// The API will never take the first message.
    fn refused(&mut self, slot: u32, why: &str, now: UnixMs) {
        let Some(trigger) = self.table.row_mut(slot) else { return };
        let kind = trigger.kind;
        let Some(message) = trigger.outbox.as_mut().and_then(|outbox| outbox.pop()) else { return };
        let (what, was_failure) = match &*message {
            Message::Event(event) => {
                // It would be refused for ever: the raw event it was made of must not come again and again.
                self.effects.extend(event.receipt.clone().map(|receipt| Effect::Settle(receipt, Fate::Refused)));
                ("the event", false)
            }
            Message::Failure(_) => ("the failure", true),
            Message::Checkpoint(_) => ("the checkpoint", false),
        };
        let message = format!("the Execution API refused {what}: {why}");
        let failure = FailureMessage { reason: "refused", lines: Some(vec![message.clone()]), message };
        if was_failure {
            // Nothing more can be said for it; it stays listed until somebody takes it away.
            trigger.outbox = None;
            self.tell_failed(slot, &failure, None, now);
            self.table.renew(slot, Phase::Held);
        } else if kind == TriggerKind::Task {
            self.deliver(slot, vec![Message::Failure(failure)], Then::Settle, now);
        } else {
            // Dropped and counted: the other events of this watcher go on.
            self.tell_failed(slot, &failure, Some(now), now);
            self.next_message(slot, now);
        }
    }
}
