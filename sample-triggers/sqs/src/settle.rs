//! Deletes, gives back, or sends to the dead letters what is settled.
//!
//! Owns what was sent to the dead letters already, for an advance that is repeated. Invariants: a message is deleted only when all who saw it
//! have accepted it, or when it is a dead letter; a dead letter is sent before its message is deleted.

use std::collections::{HashSet, VecDeque};

use trigger_host_sdk::http;
use trigger_host_sdk::serde_json::{Value, json};
use trigger_host_sdk::warning;

use crate::api::{BATCH, BatchAnswer, Failure, read};
use crate::message::{Settled, Ticket};
use crate::{Queue, SqsError};

/// Dead letters that are remembered.
const MOST_SENT: usize = 10_000;

/// See the module.
#[derive(Debug)]
pub struct Acker {
    queue: Queue,
    /// Ids of messages whose letters were sent, the latest last: kept after their deletion, because an advance is repeated when its
    /// answer was lost.
    sent: (HashSet<String>, VecDeque<String>),
}

impl Acker {
    /// Settles messages of a queue.
    pub fn new(queue: Queue) -> Self {
        Self { queue, sent: (HashSet::new(), VecDeque::new()) }
    }

    /// Settles messages of one lane. May be repeated with the same ones.
    ///
    /// # Errors
    /// Not all of them are settled.
    pub fn advance(&mut self, items: &[Settled]) -> Result<(), SqsError> {
        let (mut done, mut back, mut letters) = (Vec::new(), Vec::new(), Vec::new());
        for item in items {
            let Some(ticket) = Ticket::read(&item.payload) else {
                return Err(SqsError { what: "a payload is not one of this queue".to_owned(), passes: false });
            };
            match item {
                Settled { failed: 1.., .. } | Settled { acked: 0, rejected: 0, .. } => back.push(ticket),
                Settled { rejected: 1.., .. } if self.queue.dead_letter_url.is_some() => letters.push(ticket),
                Settled { rejected: 1.., .. } => back.push(ticket),
                Settled { .. } => done.push(ticket),
            }
        }
        self.send_letters(&letters)?;
        done.extend(letters.iter().cloned());
        self.in_batches("DeleteMessageBatch", &done, |ticket| json!({ "ReceiptHandle": ticket.receipt }))?;
        let after = self.queue.retry_after.as_millis() / 1_000;
        let again = |ticket: &Ticket| json!({ "ReceiptHandle": ticket.receipt, "VisibilityTimeout": after });
        self.in_batches("ChangeMessageVisibilityBatch", &back, again)
    }

    fn send_letters(&mut self, letters: &[Ticket]) -> Result<(), SqsError> {
        let Some(url) = self.queue.dead_letter_url.clone() else { return Ok(()) };
        let unsent: Vec<&Ticket> = letters.iter().filter(|letter| !self.sent.0.contains(&letter.id)).collect();
        for batch in unsent.chunks(BATCH) {
            let entry = |(at, letter): (usize, &&Ticket)| {
                let mut entry = letter.letter.clone().unwrap_or_else(|| json!({ "MessageBody": "" }));
                entry["Id"] = at.to_string().into();
                if url.ends_with(".fifo") {
                    // Within five minutes SQS itself drops a letter that is sent twice.
                    entry["MessageGroupId"] = letter.group.clone().unwrap_or_else(|| letter.id.clone()).into();
                    entry["MessageDeduplicationId"] = letter.id.clone().into();
                }
                entry
            };
            let entries: Vec<Value> = batch.iter().enumerate().map(entry).collect();
            let body = json!({ "QueueUrl": url, "Entries": entries });
            let answer: BatchAnswer = read("SendMessageBatch", self.queue.call("SendMessageBatch", &body).send())?;
            for (at, letter) in batch.iter().enumerate() {
                if !answer.failed.iter().any(|failed| failed.id == at.to_string()) {
                    self.remember(letter.id.clone());
                }
            }
            if let Some(failed) = answer.failed.first() {
                let what = format!("a dead letter was refused: {}", failed.code);
                return Err(SqsError { what, passes: !failed.sender_fault });
            }
        }
        Ok(())
    }

    fn remember(&mut self, id: String) {
        let (ids, order) = &mut self.sent;
        if ids.insert(id.clone()) {
            order.push_back(id);
        }
        if order.len() > MOST_SENT
            && let Some(oldest) = order.pop_front()
        {
            ids.remove(&oldest);
        }
    }

    /// Does the same with all of these, in batches at once. What SQS knows nothing of any more is done.
    fn in_batches(&self, action: &str, tickets: &[Ticket], entry: impl Fn(&Ticket) -> Value) -> Result<(), SqsError> {
        let request = |batch: &[Ticket]| {
            let entries = batch.iter().enumerate().map(|(at, ticket)| {
                let mut entry = entry(ticket);
                entry["Id"] = at.to_string().into();
                entry
            });
            let body = json!({ "QueueUrl": self.queue.queue_url, "Entries": entries.collect::<Vec<_>>() });
            self.queue.call(action, &body)
        };
        let mut problem: Option<Failure> = None;
        for answer in http::send_all(tickets.chunks(BATCH).map(request)) {
            match read::<BatchAnswer>(action, answer) {
                Err(failure) => problem = Some(failure),
                Ok(answer) => {
                    for failed in answer.failed {
                        if failed.sender_fault {
                            warning!(
                                "A message was visible again before it was settled",
                                action = action,
                                code = failed.code
                            );
                        } else {
                            problem = Some(Failure { what: format!("{action}: {}", failed.code), passes: true });
                        }
                    }
                }
            }
        }
        problem.map_or(Ok(()), |failure| Err(failure.into()))
    }
}
