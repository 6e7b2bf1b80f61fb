//! Events of many triggers in one request, if the server accepts that: what goes together, and in which order.
//!
//! A batch is what has queued while requests were in flight: an event that is due alone goes alone, at once. A
//! trigger's events keep their order within a batch, and only what leads its outbox goes; what is behind a failed event
//! stays where it is.

use std::sync::Arc;

use trigger_host_types::UnixMs;

use crate::batches::{Batched, MOST_BYTES};
use crate::deliveries::Sent;
use crate::effect::Effect;
use crate::impossible::Impossible;
use crate::outbox::Message;
use crate::outside::Outside;
use crate::scheduler::Scheduler;
use crate::table::{Phase, Ticket};

impl<O: Outside> Scheduler<O> {
    /// Sends what has queued, as much as fits into one request. False when nothing has queued.
    pub(crate) fn start_batch(&mut self) -> bool {
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
            batch.extend(self.put_in_flight(ticket, taken));
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

    /// The events at the head of an outbox, at most `most` of them and at most `room` bytes, and their size. `None`
    /// when the ticket is outdated.
    fn leading_events(&self, ticket: Ticket, most: usize, room: usize) -> Option<(Vec<Arc<Message<O>>>, usize)> {
        let outbox = self.table.get(ticket)?.outbox.as_ref()?;
        let (mut taken, mut bytes) = (Vec::new(), 0);
        for message in outbox.messages.iter().take(most) {
            let Message::Event(event) = &**message else { break };
            let size = O::size(&event.wire);
            let room = if taken.is_empty() { room } else { room.min(MOST_BYTES) };
            if bytes + size > room {
                break;
            }
            bytes += size;
            taken.push(Arc::clone(message));
        }
        Some((taken, bytes))
    }

    fn put_in_flight(&mut self, ticket: Ticket, events: Vec<Arc<Message<O>>>) -> Option<Batched<O>> {
        let ticket = self.table.renew(ticket.slot, Phase::InFlight);
        let batched = ticket.and_then(|ticket| {
            let trigger = self.table.get(ticket)?;
            Some(Batched { ticket, trigger: trigger.id, events, attempts: trigger.outbox.as_ref()?.attempts })
        });
        if batched.is_none() {
            self.count(Impossible::EmptyOutbox);
        }
        batched
    }

    /// A batch has been answered, event by event; or it was not answered, and then each event says so.
    pub fn batch_sent(&mut self, results: Vec<(Ticket, Vec<Sent>)>, answered: bool, now: UnixMs) {
        self.sending = self.sending.saturating_sub(1);
        self.batches.learn(results.iter().map(|(_, sent)| sent.len()).sum(), answered);
        for (ticket, sent) in results {
            self.answered(ticket, sent, now);
        }
    }
}
