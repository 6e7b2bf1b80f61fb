//! Messages of Amazon SQS, read by long poll and settled in batches.
//!
//! | kwarg | type | default | meaning |
//! | --- | --- | --- | --- |
//! | `queue_url` | text | | the queue; one whose name ends in `.fifo` is read in the order of its message groups |
//! | `connection` | text | | the Airflow connection of type `aws` the host signs with |
//! | `dead_letter_url` | text | none | where rejected messages go; without it they go back, and the queue's own redrive policy decides |
//! | `wait` | duration | 20 s | how long one receive waits |
//! | `visibility` | duration | 120 s | how long a message is hidden while it is being worked on; extended as long as that lasts |
//! | `retry_after` | duration | 0 s | when a message that failed is seen again |
//!
//! What a message becomes: all who saw it have stored their events, it is deleted; somebody failed it, it is made visible again; somebody
//! rejected it as malformed, it is sent to the dead-letter queue and deleted. A raw event is `{"message_id", "group"?, "attributes"?}` and the
//! body as `"value"` when it is JSON, else as `"text"`; nothing in it changes when a message is received again.
//!
//! Messages that were received together are one lane, which makes one batch of deletions; in a FIFO queue a message group is.

mod api;
mod message;
mod reader;
mod settle;

pub use message::{Received, Settled};
pub use reader::Reader;
pub use settle::Acker;

use api::Failure;
use trigger_host_sdk::{Duration, kwargs};

/// Which queue, and how.
#[kwargs]
#[derive(Debug, Clone)]
pub struct Queue {
    /// The queue.
    pub queue_url: String,
    /// The connection the host signs with.
    pub connection: String,
    /// Where rejected messages go.
    pub dead_letter_url: Option<String>,
    /// How long one receive waits; SQS takes up to 20 s.
    #[serde(default = "twenty_seconds")]
    pub wait: Duration,
    /// How long a message is hidden.
    #[serde(default = "two_minutes")]
    pub visibility: Duration,
    /// When a message that failed is seen again.
    #[serde(default = "at_once")]
    pub retry_after: Duration,
}

const fn twenty_seconds() -> Duration {
    Duration::from_secs(20)
}

const fn two_minutes() -> Duration {
    Duration::from_secs(120)
}

const fn at_once() -> Duration {
    Duration::ZERO
}

/// Why a queue cannot be read or settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqsError {
    /// For the log.
    pub what: String,
    /// Whether the same may work later.
    pub passes: bool,
}

impl From<Failure> for SqsError {
    fn from(Failure { what, passes }: Failure) -> Self {
        Self { what, passes }
    }
}

#[cfg(test)]
mod tests;
