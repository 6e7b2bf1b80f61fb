//! Events of many triggers in one request, where the server takes that: what goes together, and how much.
//!
//! A batch is what has queued while requests were in flight: one event that is due alone goes alone, at once. A trigger's events keep
//! their order within a batch, and only what leads its outbox goes; what is behind a failed one stays where it is. A server that takes longer
//! over a batch than a request may last would never answer it, so the size halves when no answer comes and grows back when one does.

use std::collections::VecDeque;
use std::sync::Arc;

use trigger_host_types::{TriggerId, UnixMs};

use super::outbox::{Attempts, Message};
use super::{Effect, Mapped, Phase, Scheduler, Sent, Ticket};

/// The most events of one request: what servers take.
const MOST_EVENTS: usize = 500;
/// The most bytes of one request with more than one event.
const MOST_BYTES: usize = 1 << 20;
/// The most events of the first requests.
const FIRST_EVENTS: usize = 64;

/// The events of one trigger within a batch.
#[derive(Debug)]
pub(crate) struct Batched {
    pub(crate) ticket: Ticket,
    pub(crate) trigger: TriggerId,
    /// What leads its outbox: events, in order.
    pub(crate) events: Vec<Arc<Message>>,
    /// At the first of them.
    pub(crate) attempts: Attempts,
}

/// The triggers whose events may go together.
#[derive(Debug)]
pub(super) struct Batches {
    pub(super) queue: VecDeque<Ticket>,
    /// The most events of the next request.
    size: usize,
    /// Whether the next free place is a batch's.
    turn: bool,
}

impl Default for Batches {
    fn default() -> Self {
        Self { queue: VecDeque::new(), size: FIRST_EVENTS, turn: false }
    }
}

impl Batches {
    /// Batches and single requests take turns, so that neither waits for the other.
    pub(super) fn take_turn(&mut self) -> bool {
        self.turn = !self.turn;
        self.turn
    }

    /// What the next size learns from a batch of `events`.
    fn learn(&mut self, events: usize, answered: bool) {
        if !answered {
            self.size = (events / 2).clamp(1, self.size);
        } else if events >= self.size {
            self.size = (self.size * 2).min(MOST_EVENTS);
        }
    }
}

impl<C: Mapped> Scheduler<C> {
    /// Sends what has queued, as far as it goes into one request. False: nothing has.
    pub(super) fn start_batch(&mut self) -> bool {
        let (mut batch, mut events, mut bytes) = (Vec::new(), 0, 0);
        while events < self.batches.size {
            let Some(ticket) = self.batches.queue.pop_front() else { break };
            let most = self.batches.size - events;
            let room = if events == 0 { usize::MAX } else { MOST_BYTES.saturating_sub(bytes) };
            let Some((taken, size)) = self.leading_events(ticket, most, room) else { continue };
            if taken.is_empty() {
                self.batches.queue.push_front(ticket);
                break;
            }
            (events, bytes) = (events + taken.len(), bytes + size);
            batch.extend(self.in_flight(ticket, taken));
        }
        match batch.pop() {
            None => return false,
            Some(Batched { ticket, trigger, mut events, attempts }) if batch.is_empty() && events.len() == 1 => {
                let message = events.pop().map(|message| Effect::Send { ticket, trigger, message, attempts });
                self.effects.extend(message);
            }
            Some(last) => {
                batch.push(last);
                self.effects.push(Effect::SendBatch(batch));
            }
        }
        self.sending += 1;
        true
    }

    /// The events at the head of an outbox, at most so many of them and of their bytes; the first goes whatever its size when `room` is
    /// without a bound. `None`: the ticket is outdated.
    fn leading_events(&self, ticket: Ticket, most: usize, room: usize) -> Option<(Vec<Arc<Message>>, usize)> {
        let outbox = self.table.get(ticket)?.outbox.as_ref()?;
        let (mut taken, mut bytes) = (Vec::new(), 0);
        for message in outbox.messages.iter().take(most) {
            let Message::Event(event) = &**message else { break };
            let size = event.wire.size();
            let room = if taken.is_empty() { room } else { room.min(MOST_BYTES) };
            if bytes + size > room {
                break;
            }
            bytes += size;
            taken.push(Arc::clone(message));
        }
        Some((taken, bytes))
    }

    fn in_flight(&mut self, ticket: Ticket, events: Vec<Arc<Message>>) -> Option<Batched> {
        let ticket = self.table.renew(ticket.slot, Phase::InFlight)?;
        let trigger = self.table.get(ticket)?;
        let attempts = trigger.outbox.as_ref()?.attempts;
        Some(Batched { ticket, trigger: trigger.id, events, attempts })
    }

    /// A batch has been answered, event by event, or has not: then every event says so.
    pub(crate) fn batch_sent(&mut self, results: Vec<(Ticket, Vec<Sent>)>, answered: bool, now: UnixMs) {
        self.sending = self.sending.saturating_sub(1);
        self.batches.learn(results.iter().map(|(_, sent)| sent.len()).sum(), answered);
        for (ticket, sent) in results {
            self.answered(ticket, sent, now);
        }
    }
}
