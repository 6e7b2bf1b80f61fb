//! Triggers of shared streams: they wait for raw events without a place among the calls, and what their filters emit
//! goes the way of every event. Only when all of it is told do they go on.

use trigger_host_types::{TriggerKind, UnixMs};

use super::outbox::{EventMessage, FailureMessage, Message, Then};
use super::{Effect, Mapped, Phase, Scheduler, Ticket};

/// What listening came to.
#[derive(Debug)]
pub(crate) struct Heard {
    /// The events to fire, in order, at least one; or why it listens no more.
    pub(crate) outcome: Result<Vec<EventMessage>, FailureMessage>,
    /// Whether its filter worked before: then an earlier failure is over.
    pub(crate) worked: bool,
}

impl<C: Mapped> Scheduler<C> {
    pub(super) fn listen(&mut self, slot: u32) {
        if let Some(ticket) = self.table.renew(slot, Phase::Listening) {
            self.effects.push(Effect::Listen(ticket));
        }
    }

    pub(super) fn stop_listening(&mut self) {
        for slot in self.table.slots_in(Phase::Listening) {
            self.cancel_poll(slot);
            self.table.renew(slot, Phase::Idle);
        }
    }

    /// Whatever its stream still has for it concerns nobody.
    pub(super) fn leave_for_good(&mut self, slot: u32) {
        let listens = |class: &C| class.listens();
        let leaver = self.table.row(slot).filter(|trigger| trigger.class.as_ref().is_some_and(listens));
        self.effects.extend(leaver.map(|trigger| Effect::Leave(trigger.id)));
    }

    /// Listening has ended. False when the ticket is outdated: it was cancelled, and nothing of it counts.
    pub(crate) fn heard(&mut self, ticket: Ticket, heard: Heard, now: UnixMs) -> bool {
        let Some(trigger) = self.table.get(ticket).filter(|trigger| trigger.phase == Phase::Listening) else {
            return false;
        };
        let (kind, slot) = (trigger.kind, ticket.slot);
        if let Some(trigger) = self.table.row_mut(slot).filter(|_| heard.worked || heard.outcome.is_ok()) {
            trigger.failures = 0;
        }
        match (heard.outcome, kind) {
            // The filter was told to stop at the first.
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
