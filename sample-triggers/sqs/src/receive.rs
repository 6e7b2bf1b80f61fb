//! Receives messages, and keeps hidden what is being worked on.

use trigger_host_sdk::prelude::*;
use trigger_host_sdk::serde::Deserialize;
use trigger_host_sdk::serde_json::{Value, json};
use trigger_host_sdk::{Batch, Received};

use crate::Sqs;
use crate::api::{BATCH, BatchAnswer, read, seconds};
use crate::message::{Message, Ticket};

#[derive(Debug, Deserialize)]
#[serde(crate = "trigger_host_sdk::serde", rename_all = "PascalCase")]
struct ReceiveAnswer {
    #[serde(default)]
    messages: Vec<Message>,
}

impl Sqs {
    /// Waits for messages; none when none came in time.
    pub(crate) fn receive(&self, most: u32, wait: Duration) -> Result<Batch<()>> {
        let most = usize::try_from(most).unwrap_or(BATCH).clamp(1, BATCH);
        let visibility = seconds(self.visibility).max(1);
        let body = json!({
            "QueueUrl": self.queue_url,
            "MaxNumberOfMessages": most,
            "WaitTimeSeconds": wait.as_millis() / 1_000,
            "VisibilityTimeout": visibility,
            "MessageSystemAttributeNames": ["MessageGroupId"],
            "MessageAttributeNames": ["All"],
        });
        let answer: ReceiveAnswer = read("ReceiveMessage", self.call("ReceiveMessage", &body, wait).send())?;
        let messages = answer.messages.iter().map(|message| self.received(message)).collect();
        Ok(Batch::new(messages).hold(Duration::from_secs(visibility)))
    }

    fn received(&self, message: &Message) -> Received {
        // Other queues may have message groups too, which say nothing of an order.
        let group = message.group().filter(|_| self.queue_url.ends_with(".fifo"));
        let receipt = message.ticket(self.dead_letter_queue_url.is_some()).receipt();
        Received { data: message.data(), receipt, lane: group.unwrap_or(&message.message_id).as_bytes().to_vec() }
    }

    /// Hides these for so long from now on. What SQS does not extend for good is settled, or visible again: either way
    /// it is not ours.
    pub(crate) fn hide(&self, receipts: &[Vec<u8>], hold: Duration) -> Result<()> {
        let tickets: Vec<Ticket> = receipts.iter().filter_map(|receipt| Ticket::read(receipt)).collect();
        let request = |tickets: &[Ticket]| {
            let entry = |(at, ticket): (usize, &Ticket)| json!({ "Id": at.to_string(), "ReceiptHandle": ticket.handle, "VisibilityTimeout": seconds(hold) });
            let entries: Vec<Value> = tickets.iter().enumerate().map(entry).collect();
            let body = json!({ "QueueUrl": self.queue_url, "Entries": entries });
            self.call("ChangeMessageVisibilityBatch", &body, Duration::ZERO)
        };
        let mut result = Ok(());
        for answer in http::send_all(tickets.chunks(BATCH).map(request)) {
            match read::<BatchAnswer>("ChangeMessageVisibilityBatch", answer) {
                Ok(answer) => {
                    for failed in answer.failed {
                        if failed.sender_fault {
                            debug!("A message is not kept hidden any more", code = failed.code);
                        } else {
                            result = Err(Error::failed(format!("ChangeMessageVisibilityBatch: {}", failed.code)));
                        }
                    }
                }
                Err(failure) => result = Err(failure.into()),
            }
        }
        result
    }
}
