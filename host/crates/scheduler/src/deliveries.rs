//! Requests to the API on behalf of triggers: in order per trigger, never across triggers, and one bad request blocks
//! nobody.

use std::time::Duration;

use trigger_host_types::step::{Finish, StepKind};
use trigger_host_types::{TriggerKind, UnixMs};

use crate::effect::{Effect, Fate};
use crate::impossible::Impossible;
use crate::outbox::{FailureMessage, Message, Then};
use crate::outside::Outside;
use crate::scheduler::Scheduler;
use crate::table::{Phase, Slot, Ticket};

/// What the answer to a request means, by the retry table of docs/design/triggerer.md#errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// 2xx.
    Accepted,
    /// Again later.
    Later {
        /// After this time.
        wait: Duration,
        /// Whether the server itself failed.
        server: bool,
    },
    /// The batch was refused as a whole: again at once, by itself.
    Alone,
    /// It will never be accepted.
    Refused(String),
    /// The trigger is another host's now.
    NotOurs,
    /// The API does not know the trigger any more.
    Gone,
}

impl Sent {
    /// The meaning in a word.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Later { .. } => "later",
            Self::Alone => "alone",
            Self::Refused(_) => "refused",
            Self::NotOurs => "not-ours",
            Self::Gone => "gone",
        }
    }
}

impl<O: Outside> Scheduler<O> {
    /// Queues the first message of a trigger's outbox, not before a task's first event may leave.
    pub(crate) fn queue_send_from(&mut self, slot: Slot, now: UnixMs) {
        let Some(trigger) = self.table.row(slot) else { return self.count(Impossible::EmptySlot) };
        let outcome = trigger.outbox.as_ref().is_some_and(|outbox| outbox.has_outcome());
        if outcome && trigger.kind == TriggerKind::Task && now < trigger.first_event_at {
            let due = trigger.first_event_at;
            self.arm(slot, Phase::SendLater, due);
        } else {
            self.queue_send(slot);
        }
    }

    pub(crate) fn queue_send(&mut self, slot: Slot) {
        let Some(ticket) = self.table.renew(slot, Phase::Sending) else { return self.count(Impossible::EmptySlot) };
        let outbox = self.table.row(slot).and_then(|trigger| trigger.outbox.as_ref());
        if self.server.batches && outbox.is_some_and(|outbox| outbox.may_be_batched()) {
            self.batches.queue.push_back(ticket);
        } else {
            self.sends.push_back(ticket);
        }
    }

    pub(crate) fn start_sends(&mut self) {
        while self.sending < self.bounds.deliveries {
            // The one whose turn it is goes first; if it has nothing to send, the other one takes the slot.
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
            let Some(ticket) = self.table.renew(ticket.slot, Phase::InFlight) else {
                self.count(Impossible::EmptySlot);
                continue;
            };
            let first = self.table.get(ticket).and_then(|trigger| Some((trigger.id, trigger.outbox.as_ref()?)));
            let first = first.and_then(|(id, outbox)| Some((id, outbox.messages.front()?.clone(), outbox.attempts)));
            let Some((trigger, message, attempts)) = first else {
                self.count(Impossible::EmptyOutbox);
                continue;
            };
            self.sending += 1;
            self.effects.push(Effect::Send { ticket, trigger, message, attempts });
            return true;
        }
        false
    }

    /// A request has been answered, or has not.
    pub fn sent(&mut self, ticket: Ticket, sent: Sent, now: UnixMs) {
        self.sending = self.sending.saturating_sub(1);
        self.answered(ticket, [sent], now);
    }

    /// What became of the first messages of an outbox. Nothing behind the first message that was not accepted was
    /// tried.
    pub(crate) fn answered(&mut self, ticket: Ticket, sent: impl IntoIterator<Item = Sent>, now: UnixMs) {
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

    fn not_accepted(&mut self, slot: Slot, sent: Sent, now: UnixMs) {
        match sent {
            Sent::Accepted => {}
            Sent::Refused(why) => self.refused(slot, &why, now),
            Sent::NotOurs => self.finish(slot, Finish::Gone, now),
            Sent::Gone => self.let_go(slot, now),
            Sent::Alone => {
                match self.table.outbox_mut(slot) {
                    Some(outbox) => outbox.alone = true,
                    None => self.count(Impossible::EmptyOutbox),
                }
                self.queue_send(slot);
            }
            Sent::Later { wait, server } => {
                let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
                match self.table.outbox_mut(slot) {
                    Some(outbox) => outbox.attempts.add(server),
                    None => self.count(Impossible::EmptyOutbox),
                }
                self.arm(slot, Phase::SendLater, now.saturating_add(wait));
            }
        }
    }

    /// The first message was accepted. False when the trigger is done with it.
    fn accepted(&mut self, slot: Slot, now: UnixMs) -> bool {
        let message = self.table.outbox_mut(slot).and_then(|outbox| outbox.pop());
        let (Some(trigger), Some(message)) = (self.table.row_mut(slot), message) else {
            self.count(Impossible::EmptyOutbox);
            return false;
        };
        match &*message {
            Message::Event(event) => {
                trigger.fired = true;
                let (payload, key) = (event.payload.clone(), O::key(&event.wire).clone());
                self.effects.extend(event.receipt.clone().map(|receipt| Effect::Settle(receipt, Fate::Stored)));
                self.report(slot, now, StepKind::Fired { payload, key });
            }
            Message::Failure(failure) => {
                self.report_failed(slot, failure, None, now);
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

    fn next_message(&mut self, slot: Slot, now: UnixMs) {
        let Some(trigger) = self.table.row_mut(slot) else { return self.count(Impossible::EmptySlot) };
        match trigger.outbox.take_if(|outbox| outbox.messages.is_empty()) {
            Some(outbox) => self.follow(slot, outbox.then, now),
            None => self.queue_send(slot),
        }
    }

    /// Everything was accepted: what comes next.
    pub(crate) fn follow(&mut self, slot: Slot, then: Then, now: UnixMs) {
        let Some(trigger) = self.table.row(slot) else { return self.count(Impossible::EmptySlot) };
        match then {
            Then::Settle => self.finish(slot, Finish::Fired, now),
            Then::Poll(_) if trigger.vanished => self.let_go(slot, now),
            Then::Poll(due) if due <= now => self.make_ready(slot, due),
            Then::Poll(due) => self.arm(slot, Phase::Idle, due),
        }
    }

    /// The API will never take the first message.
    fn refused(&mut self, slot: Slot, why: &str, now: UnixMs) {
        let message = self.table.outbox_mut(slot).and_then(|outbox| outbox.pop());
        let (Some(trigger), Some(message)) = (self.table.row_mut(slot), message) else {
            return self.count(Impossible::EmptyOutbox);
        };
        let kind = trigger.kind;
        let (what, was_failure) = match &*message {
            Message::Event(event) => {
                // It would be refused for ever, so the raw event it was made of must not come again and again.
                self.effects.extend(event.receipt.clone().map(|receipt| Effect::Settle(receipt, Fate::Refused)));
                ("the event", false)
            }
            Message::Failure(_) => ("the failure", true),
            Message::Checkpoint(_) => ("the checkpoint", false),
        };
        let failure = FailureMessage::new("refused", format!("the Execution API refused {what}: {why}"));
        if was_failure {
            // Nothing more can be done for it; it stays listed until somebody takes it away.
            trigger.outbox = None;
            self.report_failed(slot, &failure, None, now);
            self.table.renew(slot, Phase::Held);
        } else if kind == TriggerKind::Task {
            self.deliver(slot, vec![Message::Failure(failure)], Then::Settle, now);
        } else {
            // Dropped and counted: the other events of this watcher are still delivered.
            self.report_failed(slot, &failure, Some(now), now);
            self.next_message(slot, now);
        }
    }
}
