//! What one trigger still has to tell the API, in order: events, then the checkpoint. The one order of effects lives here.

use std::collections::VecDeque;
use std::sync::Arc;

use encodings::WireEvent;
use execution_api::StoredCheckpoint;
use trigger_host_types::UnixMs;

use crate::streams::Receipt;

/// One request to the API on behalf of a trigger.
#[derive(Debug)]
pub(crate) enum Message {
    /// `POST triggers/{id}/event`.
    Event(EventMessage),
    /// `POST triggers/{id}/failure`.
    Failure(FailureMessage),
    /// `PUT triggers/{id}/checkpoint`.
    Checkpoint(StoredCheckpoint),
}

/// An event in both forms.
#[derive(Debug)]
pub(crate) struct EventMessage {
    /// As the API takes it, with its key.
    pub(crate) wire: WireEvent,
    /// As the guest gave it; for showing.
    pub(crate) payload: String,
    /// Whom to tell that it is stored: the shared stream whose raw event it was made of.
    pub(crate) receipt: Option<Receipt>,
}

/// A failure.
#[derive(Debug, Clone)]
pub(crate) struct FailureMessage {
    /// A short stable code.
    pub(crate) reason: &'static str,
    /// One line.
    pub(crate) message: String,
    /// For the task's log; none when the trigger ended without event or error.
    pub(crate) lines: Option<Vec<String>>,
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
pub(crate) struct Attempts {
    /// All of them.
    pub(crate) all: u32,
    /// Those at which the server itself failed: only they make it a poison message.
    pub(crate) server: u32,
}

/// The queue of one trigger.
#[derive(Debug)]
pub(crate) struct Outbox {
    pub(crate) messages: VecDeque<Arc<Message>>,
    /// At the first message.
    pub(crate) attempts: Attempts,
    /// The first message is to go by itself: a batch with it was refused as a whole.
    pub(crate) alone: bool,
    pub(crate) then: Then,
}

impl Outbox {
    pub(crate) fn new(messages: impl IntoIterator<Item = Message>, then: Then) -> Box<Self> {
        let messages = messages.into_iter().map(Arc::new).collect();
        Box::new(Self { messages, attempts: Attempts::default(), alone: false, then })
    }

    /// Takes the first message out; the next one starts with a clean record.
    pub(crate) fn pop(&mut self) -> Option<Arc<Message>> {
        self.attempts = Attempts::default();
        self.alone = false;
        self.messages.pop_front()
    }

    /// Whether the first message may go together with others.
    pub(crate) fn may_be_batched(&self) -> bool {
        !self.alone && self.messages.front().is_some_and(|message| matches!(**message, Message::Event(_)))
    }

    /// Whether an event or a failure is still to be told: such a trigger must not be started again (the rule of K).
    pub(crate) fn has_outcome(&self) -> bool {
        self.messages.iter().any(|message| !matches!(**message, Message::Checkpoint(_)))
    }
}
