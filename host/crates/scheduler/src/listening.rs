//! Triggers of shared streams: they wait for raw events without taking a slot for calls, and what their filters emit is
//! delivered like every event. Only when all of it is delivered do they listen again.

use trigger_host_types::{TriggerKind, UnixMs};

use crate::effect::Effect;
use crate::impossible::Impossible;
use crate::outbox::{EventMessage, FailureMessage, Message, Then};
use crate::outside::Outside;
use crate::scheduler::Scheduler;
use crate::table::{Phase, Slot, Ticket};

/// How listening ended.
#[derive(Debug)]
pub struct Heard<O: Outside> {
    /// The events to fire, in order, at least one; or why it listens no more.
    pub outcome: Result<Vec<EventMessage<O>>, FailureMessage>,
    /// Whether its filter worked before: then earlier failures no longer count.
    pub worked: bool,
}

impl<O: Outside> Scheduler<O> {
    pub(crate) fn listen(&mut self, slot: Slot) {
        match self.table.renew(slot, Phase::Listening) {
            Some(ticket) => self.effects.push(Effect::Listen(ticket)),
            None => self.count(Impossible::EmptySlot),
        }
    }

    pub(crate) fn stop_listening(&mut self) {
        for slot in self.table.slots_in(Phase::Listening) {
            self.cancel_poll(slot);
            self.table.renew(slot, Phase::Idle);
        }
    }

    /// What its stream still has for it concerns nobody any more.
    pub(crate) fn leave_for_good(&mut self, slot: Slot) {
        let leaver = self.table.row(slot).filter(|trigger| trigger.class.as_ref().is_some_and(O::listens));
        self.effects.extend(leaver.map(|trigger| Effect::Leave(trigger.id)));
    }

    /// Listening has ended. False when the ticket is outdated: it was cancelled, and nothing of it counts.
    pub fn heard(&mut self, ticket: Ticket, heard: Heard<O>, now: UnixMs) -> bool {
        let Some(trigger) = self.table.get(ticket).filter(|trigger| trigger.phase == Phase::Listening) else {
            return false;
        };
        let (kind, slot) = (trigger.kind, ticket.slot);
        if let Some(trigger) = self.table.row_mut(slot).filter(|_| heard.worked || heard.outcome.is_ok()) {
            trigger.failures = 0;
        }
        match (heard.outcome, kind) {
            // The filter stops at the first event.
            (Ok(events), TriggerKind::Task) => {
                let first = events.into_iter().take(1).map(Message::Event).collect();
                self.deliver(slot, first, Then::Settle, now);
            }
            (Ok(events), _) => {
                self.deliver(slot, events.into_iter().map(Message::Event).collect(), Then::Poll(now), now);
            }
            (Err(failure), TriggerKind::Task) => {
                self.deliver(slot, vec![Message::Failure(failure)], Then::Settle, now);
            }
            (Err(failure), TriggerKind::Asset) => self.watcher_failed(slot, failure, now),
            (Err(failure), TriggerKind::Callback) => self.callback_failed(slot, &failure, now),
        }
        true
    }
}
