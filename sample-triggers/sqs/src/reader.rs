//! Receives, and keeps hidden what is being worked on.
//!
//! Owns what was received and may still be open. The acker is another instance, so nobody says here what is settled: SQS does, when it refuses
//! to extend a message that is gone. Invariant: a message that is open stays hidden as long as this is asked for more in time.

use std::collections::HashMap;

use trigger_host_sdk::http;
use trigger_host_sdk::serde::Deserialize;
use trigger_host_sdk::serde_json::{Value, json};
use trigger_host_sdk::{DateTime, debug};

use crate::api::{BATCH, BatchAnswer, Failure, read};
use crate::message::{Message, Received};
use crate::{Queue, SqsError};

/// See the module.
#[derive(Debug)]
pub struct Reader {
    queue: Queue,
    /// By message id: a message that is received again has a new receipt.
    open: HashMap<String, Open>,
}

#[derive(Debug)]
struct Open {
    receipt: String,
    /// When its hiding has run half down.
    extend_at: DateTime,
}

#[derive(Debug, Deserialize)]
#[serde(crate = "trigger_host_sdk::serde", rename_all = "PascalCase")]
struct ReceiveAnswer {
    #[serde(default)]
    messages: Vec<Message>,
}

impl Reader {
    /// Reads a queue.
    pub fn new(queue: Queue) -> Self {
        Self { queue, open: HashMap::new() }
    }

    /// Waits for messages, at most so many; none when none came in time.
    ///
    /// # Errors
    /// SQS refuses or cannot be reached.
    pub fn next(&mut self, max: usize, now: DateTime) -> Result<Vec<Received>, SqsError> {
        self.extend(now);
        let body = json!({
            "QueueUrl": self.queue.queue_url,
            "MaxNumberOfMessages": max.clamp(1, BATCH),
            "WaitTimeSeconds": self.queue.wait.as_millis() / 1_000,
            "VisibilityTimeout": self.visibility(),
            "MessageSystemAttributeNames": ["MessageGroupId"],
            "MessageAttributeNames": ["All"],
        });
        let answer: ReceiveAnswer = read("ReceiveMessage", self.queue.call("ReceiveMessage", &body).send())?;
        let together = answer.messages.first().map(|message| format!("{}@{}", message.message_id, now.unix_ms()));
        let fifo = self.queue.queue_url.ends_with(".fifo");
        let with_letter = self.queue.dead_letter_url.is_some();
        let mut received = Vec::with_capacity(answer.messages.len());
        for message in answer.messages {
            let lane = message.group().filter(|_| fifo).map(str::to_owned).or_else(|| together.clone());
            let payload = message.ticket(with_letter).payload();
            received.push(Received { data: message.data(), payload, lane: lane.unwrap_or_default() });
            let extend_at = now + self.half();
            self.open.insert(message.message_id, Open { receipt: message.receipt_handle, extend_at });
        }
        Ok(received)
    }

    /// Messages that may still be open.
    pub fn open(&self) -> usize {
        self.open.len()
    }

    /// Hides for longer what is due. What SQS does not extend is settled, or visible again: either way it is not ours any more.
    fn extend(&mut self, now: DateTime) {
        let due: Vec<&String> = self.open.iter().filter(|(_, open)| open.extend_at <= now).map(|(id, _)| id).collect();
        let due: Vec<String> = due.into_iter().cloned().collect();
        let request = |ids: &[String]| {
            let entry = |(at, id): (usize, &String)| {
                let receipt = self.open.get(id).map(|open| open.receipt.as_str());
                json!({ "Id": at.to_string(), "ReceiptHandle": receipt, "VisibilityTimeout": self.visibility() })
            };
            let entries: Vec<Value> = ids.iter().enumerate().map(entry).collect();
            let body = json!({ "QueueUrl": self.queue.queue_url, "Entries": entries });
            self.queue.call("ChangeMessageVisibilityBatch", &body)
        };
        let answers = http::send_all(due.chunks(BATCH).map(request));
        for (ids, answer) in due.chunks(BATCH).zip(answers) {
            // A call that failed is made again with the next receive; half of the time is left for that.
            let answer: BatchAnswer = match read("ChangeMessageVisibilityBatch", answer) {
                Ok(answer) => answer,
                Err(Failure { what, .. }) => {
                    debug!("Messages could not be kept hidden: {what}");
                    continue;
                }
            };
            let gone =
                |at: usize| answer.failed.iter().any(|failed| failed.id == at.to_string() && failed.sender_fault);
            for (at, id) in ids.iter().enumerate() {
                if gone(at) {
                    self.open.remove(id);
                } else if let Some(open) = self.open.get_mut(id) {
                    open.extend_at = now + Self::half_of(&self.queue);
                }
            }
        }
    }

    fn visibility(&self) -> u64 {
        (self.queue.visibility.as_millis() / 1_000).clamp(1, 43_200)
    }

    fn half(&self) -> trigger_host_sdk::Duration {
        Self::half_of(&self.queue)
    }

    fn half_of(queue: &Queue) -> trigger_host_sdk::Duration {
        trigger_host_sdk::Duration::from_millis(queue.visibility.as_millis() / 2)
    }
}
