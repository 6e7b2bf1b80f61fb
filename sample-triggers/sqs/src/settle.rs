//! Deletes, gives back, or sends to the dead letters what is settled.
//!
//! Invariants: a message is deleted only when all who saw it have accepted it, or when it is a dead letter; a dead
//! letter is sent before its message is deleted; one message that is not done does not keep the others.

use trigger_host_sdk::prelude::*;
use trigger_host_sdk::serde_json::{Value, json};
use trigger_host_sdk::{AdvanceError, Settled, Unfinished};

use crate::Sqs;
use crate::api::{BATCH, BatchAnswer, FailedEntry, read, seconds};
use crate::message::Ticket;

/// Bytes of the dead letters of one request: SQS and the grant cap what it takes.
const LETTERS: usize = 128 << 10;

/// A message of the batch, by its place there.
struct Item {
    index: usize,
    ticket: Ticket,
}

/// What is not done, as it turns out.
type Problems = Vec<Unfinished>;

impl Sqs {
    /// Settles messages; may be repeated with the same ones.
    pub(crate) fn settle(&self, batch: &[Settled]) -> Result<Vec<Unfinished>, AdvanceError> {
        let (mut done, mut back, mut letters) = (Vec::new(), Vec::new(), Vec::new());
        for (index, settled) in batch.iter().enumerate() {
            let ticket = Ticket::read(&settled.receipt);
            let ticket =
                ticket.ok_or_else(|| AdvanceError::Fatal("a receipt does not belong to this queue".to_owned()))?;
            let item = Item { index, ticket };
            let is_seen = settled.accepted > 0 || settled.is_rejected();
            if settled.is_failed() || !is_seen {
                back.push(item);
            } else if !settled.is_rejected() {
                done.push(item);
            } else if self.dead_letter_queue_url.is_some() {
                letters.push(item);
            }
            // A rejected one without a place to go is left to the queue's redrive policy.
        }
        let mut problems = Problems::new();
        done.extend(self.send_letters(letters, &mut back, &mut problems));
        self.in_batches("DeleteMessageBatch", &done, &mut problems, |_| json!({}));
        let after = seconds(self.retry_after);
        self.in_batches(
            "ChangeMessageVisibilityBatch",
            &back,
            &mut problems,
            |_| json!({ "VisibilityTimeout": after }),
        );
        Ok(problems)
    }

    /// Sends dead letters. Gives those that were sent; what the dead-letter queue does not take for good goes `back`.
    fn send_letters(&self, letters: Vec<Item>, back: &mut Vec<Item>, problems: &mut Problems) -> Vec<Item> {
        let Some(url) = &self.dead_letter_queue_url else { return Vec::new() };
        let batches = by_size(letters);
        let request = |batch: &Vec<Item>| {
            let entries: Vec<Value> =
                batch.iter().enumerate().map(|(at, item)| letter(url, at, &item.ticket)).collect();
            let body = json!({ "QueueUrl": url, "Entries": entries });
            self.call("SendMessageBatch", &body, Duration::ZERO)
        };
        let answers = http::send_all(batches.iter().map(request));
        let mut sent = Vec::new();
        for (batch, answer) in batches.into_iter().zip(answers) {
            let answer = read::<BatchAnswer>("SendMessageBatch", answer);
            for (at, item) in batch.into_iter().enumerate() {
                match answer.as_ref().map(|answer| answer.failed(at)) {
                    Ok(None) => sent.push(item),
                    Ok(Some(FailedEntry { sender_fault: true, code, .. })) => {
                        warning!(
                            "The dead-letter queue does not take a message",
                            code = code,
                            message = item.ticket.id
                        );
                        back.push(item);
                    }
                    Ok(Some(failed)) => problems.push(item.unfinished(&failed.code)),
                    Err(failure) => problems.push(item.unfinished(&failure.what)),
                }
            }
        }
        sent
    }

    /// Does the same with all of these, in batches at once. What SQS knows nothing of any more is done.
    fn in_batches(&self, action: &str, items: &[Item], problems: &mut Problems, more: impl Fn(&Item) -> Value) {
        let request = |batch: &[Item]| {
            let entries = batch.iter().enumerate().map(|(at, item)| {
                let mut entry = more(item);
                entry["Id"] = at.to_string().into();
                entry["ReceiptHandle"] = item.ticket.handle.as_str().into();
                entry
            });
            let body = json!({ "QueueUrl": self.queue_url, "Entries": entries.collect::<Vec<_>>() });
            self.call(action, &body, Duration::ZERO)
        };
        for (batch, answer) in items.chunks(BATCH).zip(http::send_all(items.chunks(BATCH).map(request))) {
            let answer = read::<BatchAnswer>(action, answer);
            for (at, item) in batch.iter().enumerate() {
                match answer.as_ref().map(|answer| answer.failed(at)) {
                    Ok(None) => {}
                    Ok(Some(FailedEntry { sender_fault: true, code, .. })) => {
                        warning!("A message was visible again before it was settled", action = action, code = code);
                    }
                    Ok(Some(failed)) => problems.push(item.unfinished(&failed.code)),
                    Err(failure) => problems.push(item.unfinished(&failure.what)),
                }
            }
        }
    }
}

impl Item {
    fn unfinished(&self, why: &str) -> Unfinished {
        Unfinished { index: u32::try_from(self.index).unwrap_or(u32::MAX), reason: why.to_owned() }
    }
}

/// As SQS takes it. Within five minutes a FIFO queue itself drops a letter that is sent twice.
fn letter(url: &str, at: usize, ticket: &Ticket) -> Value {
    let mut entry = ticket.letter.clone().unwrap_or_else(|| json!({ "MessageBody": "" }));
    entry["Id"] = at.to_string().into();
    if url.ends_with(".fifo") {
        entry["MessageGroupId"] = ticket.group.as_ref().unwrap_or(&ticket.id).as_str().into();
        entry["MessageDeduplicationId"] = ticket.id.as_str().into();
    }
    entry
}

fn by_size(letters: Vec<Item>) -> Vec<Vec<Item>> {
    let size = |item: &Item| item.ticket.letter.as_ref().map_or(0, |letter| letter.to_string().len());
    let mut batches: Vec<Vec<Item>> = Vec::new();
    let mut bytes = 0;
    for item in letters {
        let more = size(&item);
        match batches.last_mut() {
            Some(batch) if batch.len() < BATCH && bytes + more <= LETTERS => {
                bytes += more;
                batch.push(item);
            }
            _ => {
                bytes = more;
                batches.push(vec![item]);
            }
        }
    }
    batches
}
