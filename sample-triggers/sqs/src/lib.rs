//! Messages of Amazon SQS, read by long poll and settled in batches.
//!
//! | parameter | type | default | meaning |
//! | --- | --- | --- | --- |
//! | `queue_url` | text | | the queue; one whose name ends in `.fifo` is read in the order of its message groups |
//! | `connection` | text | | the Airflow connection of type `aws` the host signs with; the source's grant names it too |
//! | `dead_letter_queue_url` | text | none | where rejected messages go, of the same origin |
//! | `wait` | duration | 15 s | how long one receive waits at most; a longer wait needs a grant with a `timeout` above its 20 s |
//! | `visibility` | duration | 120 s | how long a message is hidden at a time; extended by the host while subscribers work on it |
//! | `retry_after` | duration | 0 s | when a message that somebody failed is seen again |
//!
//! What becomes of a message that all who saw it have settled:
//!
//! | they | then |
//! | --- | --- |
//! | accepted it, and what they made of it is stored | it is deleted |
//! | one of them failed it | it is made visible again, after `retry_after` |
//! | one of them rejected it as malformed | it is sent to the dead-letter queue and then deleted |
//! | the same, without a dead-letter queue | nothing: it is seen again when its visibility ends, until the queue's own redrive policy (`maxReceiveCount`) has SQS itself move it. A queue without such a policy gives it again and again, until its retention ends |
//!
//! A raw event is `{"message_id", "group"?, "attributes"?}` and the body as `"value"` when it is JSON, else as
//! `"text"`; nothing in it changes when a message is received again. A message group of a FIFO queue is a lane; each
//! message of another queue is one of its own, and the host settles many lanes in one call, so that deletions go out by
//! tens and side by side.
//!
//! A dead letter may be sent twice when its message could not be deleted: a FIFO queue for dead letters drops the
//! second one.

mod api;
mod message;
mod receive;
mod settle;

use trigger_host_sdk::prelude::*;
use trigger_host_sdk::{AdvanceError, Batch, Demand, Settled, Unfinished};

/// Messages of Amazon SQS.
#[producer]
pub struct Sqs {
    /// The queue.
    queue_url: String,
    /// The connection the host signs with.
    connection: String,
    /// Where rejected messages go.
    #[serde(default)]
    dead_letter_queue_url: Option<String>,
    /// How long one receive waits at most; SQS takes up to 20 s.
    #[serde(default = "fifteen_seconds")]
    wait: Duration,
    /// How long a message is hidden at a time.
    #[serde(default = "two_minutes")]
    visibility: Duration,
    /// When a message that failed is seen again.
    #[serde(default = "at_once")]
    retry_after: Duration,
}

const fn fifteen_seconds() -> Duration {
    Duration::from_secs(15)
}

const fn two_minutes() -> Duration {
    Duration::from_secs(120)
}

const fn at_once() -> Duration {
    Duration::ZERO
}

impl Producer for Sqs {
    type Cursor = ();

    fn read(&self, demand: &Demand, _: Option<()>) -> Result<Batch<()>> {
        self.receive(demand.most, self.wait.min(demand.wait))
    }

    fn advance(&self, _: DateTime, batch: &[Settled]) -> Result<Vec<Unfinished>, AdvanceError> {
        self.settle(batch)
    }

    fn extend(&self, _: DateTime, receipts: &[Vec<u8>], hold: Duration) -> Result<()> {
        self.hide(receipts, hold)
    }
}

#[cfg(test)]
mod tests;
