//! What one trigger still has to tell Airflow, in order: events, then the checkpoint. The one order of effects lives
//! here.

use std::collections::VecDeque;
use std::sync::Arc;

use trigger_host_types::UnixMs;

use crate::outside::Outside;

/// One request to the API on behalf of a trigger.
#[derive(Debug)]
pub enum Message<O: Outside> {
    /// `POST triggers/{id}/event`.
    Event(EventMessage<O>),
    /// `POST triggers/{id}/failure`.
    Failure(FailureMessage),
    /// `PUT triggers/{id}/checkpoint`.
    Checkpoint(Checkpoint),
}

impl<O: Outside> Message<O> {
    /// What it is, in a word.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Event(_) => "event",
            Self::Failure(_) => "failure",
            Self::Checkpoint(_) => "checkpoint",
        }
    }
}

/// An event in both forms.
#[derive(Debug)]
pub struct EventMessage<O: Outside> {
    /// In the encoding of the API, with its key.
    pub wire: O::Event,
    /// Neutral JSON text as the guest gave it; for showing.
    pub payload: String,
    /// The raw event of a shared stream it was made of, if any: its stream waits to hear that the event is stored.
    pub receipt: Option<O::Receipt>,
}

/// A failure.
#[derive(Debug, Clone)]
pub struct FailureMessage {
    /// A short stable code.
    pub reason: &'static str,
    /// One line.
    pub message: String,
    /// For the task's log; `None` when the trigger ended without event or error.
    pub lines: Option<Vec<String>>,
}

impl FailureMessage {
    /// A failure whose one line is all there is to say.
    pub fn new(reason: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { reason, lines: Some(vec![message.clone()]), message }
    }
}

/// Where a trigger left off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// How many outcomes have been stored; each store must raise it.
    pub position: u64,
    /// The guest's neutral JSON text; `None` when the guest keeps none.
    pub value: Option<String>,
}

/// What follows when everything was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// The next call, at this time.
    Poll(UnixMs),
    /// Nothing: the trigger is done.
    Settle,
}

/// Failed attempts at one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Attempts {
    /// All of them.
    pub all: u32,
    /// Those at which the server itself failed: only they make it a poison message.
    pub server: u32,
}

impl Attempts {
    /// Another attempt has failed. `server`: the server itself did.
    pub(crate) fn add(&mut self, server: bool) {
        self.all = self.all.saturating_add(1);
        self.server = self.server.saturating_add(u32::from(server));
    }
}

/// The queue of one trigger.
#[derive(Debug)]
pub(crate) struct Outbox<O: Outside> {
    pub(crate) messages: VecDeque<Arc<Message<O>>>,
    /// At the first message.
    pub(crate) attempts: Attempts,
    /// The first message must go by itself: a batch that contained it was refused as a whole.
    pub(crate) alone: bool,
    pub(crate) then: Then,
}

impl<O: Outside> Outbox<O> {
    pub(crate) fn new(messages: impl IntoIterator<Item = Message<O>>, then: Then) -> Box<Self> {
        let messages = messages.into_iter().map(Arc::new).collect();
        Box::new(Self { messages, attempts: Attempts::default(), alone: false, then })
    }

    /// Removes the first message; the next one starts without failed attempts.
    pub(crate) fn pop(&mut self) -> Option<Arc<Message<O>>> {
        self.attempts = Attempts::default();
        self.alone = false;
        self.messages.pop_front()
    }

    /// Whether the first message may go together with others.
    pub(crate) fn may_be_batched(&self) -> bool {
        !self.alone && self.messages.front().is_some_and(|message| matches!(**message, Message::Event(_)))
    }

    /// Whether an event or a failure is still to be delivered: such a trigger must not be started again (the rule of
    /// K).
    pub(crate) fn has_outcome(&self) -> bool {
        self.messages.iter().any(|message| !matches!(**message, Message::Checkpoint(_)))
    }
}
