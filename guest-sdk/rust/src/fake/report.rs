//! What a run came to.

use serde_json::Value;

use super::SentRequest;
use crate::log::Level;
use crate::{DateTime, Error, EventKind};

/// What a run came to.
#[derive(Debug)]
pub struct Run {
    /// Everything that was fired, in order.
    pub events: Vec<FiredEvent>,
    /// How often the trigger was polled, repetitions after a crash included.
    pub polls: u32,
    /// Everything that was logged.
    pub logs: Vec<LogLine>,
    /// Everything that was sent.
    pub requests: Vec<SentRequest>,
    /// The time at the end.
    pub ended_at: DateTime,
    /// Why the trigger failed, if it did.
    pub error: Option<Error>,
}

impl Run {
    /// The payloads of the events.
    ///
    /// # Panics
    /// When the trigger failed: a test that expects that looks at [`error`](Self::error).
    pub fn payloads(&self) -> Vec<Value> {
        if let Some(error) = &self.error {
            panic!("the trigger failed: {error:?}");
        }
        self.events.iter().map(|event| event.payload.clone()).collect()
    }

    /// The message of the failure.
    ///
    /// # Panics
    /// When the trigger did not fail.
    pub fn failure(&self) -> &str {
        match &self.error {
            Some(error) => error.message(),
            None => panic!("the trigger did not fail; it fired {:?}", self.events),
        }
    }

    /// How many requests of this method were sent to this URL.
    pub fn sent(&self, method: &str, url: &str) -> usize {
        self.requests.iter().filter(|request| request.method == method && request.url == url).count()
    }
}

/// An event that was fired.
#[derive(Debug, Clone, PartialEq)]
pub struct FiredEvent {
    /// Neutral JSON.
    pub payload: Value,
    /// What it does.
    pub kind: EventKind,
    /// What it pushes.
    pub xcoms: Vec<(String, Value)>,
    /// When it was fired.
    pub at: DateTime,
}

/// A line that was logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// How much it matters.
    pub level: Level,
    /// Its text.
    pub message: String,
    /// Name and JSON text.
    pub fields: Vec<(String, String)>,
}
