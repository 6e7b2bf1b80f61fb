//! How many events go into one request, and whose turn it is.
//!
//! A server that needs longer for a batch than a request may last would never answer it, so the size halves when no
//! answer comes and grows back when one does.

use std::collections::VecDeque;
use std::sync::Arc;

use trigger_host_types::TriggerId;

use crate::outbox::{Attempts, Message};
use crate::outside::Outside;
use crate::table::Ticket;

/// The most events of one request: what servers accept.
const MOST_EVENTS: usize = 500;
/// The most bytes of one request with more than one event.
pub(crate) const MOST_BYTES: usize = 1 << 20;
/// The most events of the first requests.
const FIRST_EVENTS: usize = 64;

/// The events of one trigger within a batch.
#[derive(Debug)]
pub struct Batched<O: Outside> {
    /// Names the request.
    pub ticket: Ticket,
    /// Airflow's id.
    pub trigger: TriggerId,
    /// The events at the head of its outbox, in order.
    pub events: Vec<Arc<Message<O>>>,
    /// Failed attempts at the first of them.
    pub attempts: Attempts,
}

/// The triggers whose events may go together.
#[derive(Debug)]
pub(crate) struct Batches {
    pub(crate) queue: VecDeque<Ticket>,
    /// The most events of the next request.
    pub(crate) size: usize,
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
    pub(crate) fn take_turn(&mut self) -> bool {
        self.turn = !self.turn;
        self.turn
    }

    /// Adapts the size of the next request to how a batch of `events` went.
    pub(crate) fn learn(&mut self, events: usize, answered: bool) {
        if !answered {
            self.size = (events / 2).clamp(1, self.size);
        } else if events >= self.size {
            self.size = (self.size * 2).min(MOST_EVENTS);
        }
    }
}
