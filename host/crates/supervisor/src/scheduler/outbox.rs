//! What one trigger still has to tell the API, in order: events, then the checkpoint. The one order of effects lives here.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::value::RawValue;
use trigger_host_types::{IdempotencyKey, UnixMs};

/// One request to the API on behalf of a trigger.
#[derive(Debug)]
pub enum Message {
    /// `POST triggers/{id}/event`.
    Event(EventMessage),
    /// `POST triggers/{id}/failure`.
    Failure(FailureMessage),
    /// `PUT triggers/{id}/checkpoint`.
    Checkpoint(CheckpointMessage),
}

/// An event in both forms.
#[derive(Debug)]
pub struct EventMessage {
    /// As the API takes it.
    pub wire: Box<RawValue>,
    /// As the guest gave it; for showing.
    pub payload: String,
    /// What it does.
    pub kind: WireKind,
    /// Equal for every repetition.
    pub key: IdempotencyKey,
}

/// What an event does, with XComs in the API's encoding.
#[derive(Debug)]
pub struct WireKind {
    /// `fire`, `task-success`, `task-failed` or `task-skipped`.
    pub name: &'static str,
    /// Key and encoded value.
    pub xcoms: Vec<(String, Box<RawValue>)>,
}

/// A failure.
#[derive(Debug, Clone)]
pub struct FailureMessage {
    /// A short stable code.
    pub reason: &'static str,
    /// One line.
    pub message: String,
    /// For the task's log; none when the trigger ended without event or error.
    pub lines: Option<Vec<String>>,
}

/// A checkpoint.
#[derive(Debug)]
pub struct CheckpointMessage {
    /// Outcomes stored with this one.
    pub position: u64,
    /// Neutral JSON text.
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

/// The queue of one trigger.
#[derive(Debug)]
pub(crate) struct Outbox {
    pub(crate) messages: VecDeque<Arc<Message>>,
    /// Failed attempts at the first message.
    pub(crate) attempts: u32,
    pub(crate) then: Then,
}

impl Outbox {
    pub(crate) fn new(messages: impl IntoIterator<Item = Message>, then: Then) -> Box<Self> {
        Box::new(Self { messages: messages.into_iter().map(Arc::new).collect(), attempts: 0, then })
    }

    /// Whether an event or a failure is still to be told: such a trigger must not be started again (the rule of K).
    pub(crate) fn has_outcome(&self) -> bool {
        self.messages.iter().any(|message| !matches!(**message, Message::Checkpoint(_)))
    }
}
