//! What the scheduler asks to be done.

use std::sync::Arc;

use trigger_host_types::step::{Step, Subject};
use trigger_host_types::{TriggerId, UnixMs};

use crate::batches::Batched;
use crate::impossible::Impossible;
use crate::outbox::{Attempts, Message};
use crate::outside::Outside;
use crate::table::{Ticket, Trigger};

/// One thing to do.
#[derive(Debug)]
pub enum Effect<O: Outside> {
    /// Ask for the workloads of these triggers.
    Fetch(Vec<TriggerId>),
    /// Start a call of the trigger behind this ticket.
    Poll {
        /// Names the call.
        ticket: Ticket,
        /// When it was due.
        due: UnixMs,
    },
    /// Drop the call behind this ticket; its slot is free already.
    CancelPoll(Ticket),
    /// Wait for raw events of the stream of the trigger behind this ticket.
    Listen(Ticket),
    /// This trigger leaves its stream for good. Comes before its call is cancelled, because cancelling is what makes it
    /// leave.
    Leave(TriggerId),
    /// Tell the stream what became of an event.
    Settle(O::Receipt, Fate),
    /// Send one message.
    Send {
        /// Names the request.
        ticket: Ticket,
        /// On behalf of this trigger.
        trigger: TriggerId,
        /// What to send.
        message: Arc<Message<O>>,
        /// Failed attempts so far.
        attempts: Attempts,
    },
    /// Send these events in one request.
    SendBatch(Vec<Batched<O>>),
    /// The user seems to have ended what waited for this trigger: call `on-kill`, unless the API says otherwise.
    Kill(Box<Kill<O>>),
    /// Report a step of this trigger to the observers.
    Report(Subject, Step),
    /// Something happened that cannot happen: count it. The trigger concerned was left as it was.
    Count(Impossible),
}

/// A trigger whose `on-kill` is due. It is no longer in the table.
#[derive(Debug)]
pub struct Kill<O: Outside> {
    /// As it was.
    pub trigger: Trigger<O>,
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The API has accepted it.
    Stored,
    /// The API will never accept it.
    Refused,
}
