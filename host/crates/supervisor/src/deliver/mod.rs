//! Requests to the API on behalf of triggers, and what their answers mean to the scheduler.

use std::time::Duration;

use encodings::WireEvent;
use execution_api::retry::{Call, EVENT_WAITS, SLOW_WAITS, Step, next_step};
use execution_api::{ApiError, Client, Fault, StoredCheckpoint};
use scheduler::{Attempts, Batched, Checkpoint, Message, Outside, Sent, Ticket};
use trigger_host_types::{JobId, TriggerId};

/// Sends `message`. `random` is uniform in 0 to 1.
pub(crate) async fn deliver<O: Outside<Event = WireEvent>>(
    client: &Client,
    job: JobId,
    trigger: TriggerId,
    message: &Message<O>,
    attempts: Attempts,
    random: f64,
) -> Result<Sent, (Sent, ApiError)> {
    let (call, answer) = match message {
        Message::Event(event) => (Call::Event, client.event(trigger, &event.wire).await),
        Message::Failure(failure) => (Call::Failure, client.failure(trigger, failure.lines.as_deref()).await),
        Message::Checkpoint(Checkpoint { position, value }) => {
            let stored = StoredCheckpoint { position: *position, value: value.clone() };
            (Call::Checkpoint, client.checkpoint(trigger, &stored, job).await)
        }
    };
    answer.map(|()| Sent::Accepted).map_err(|error| (interpret(call, &error, attempts, random), error))
}

/// What became of a batch.
pub(crate) struct BatchDelivered {
    /// For each trigger, what became of its events.
    pub(crate) results: Vec<(Ticket, Vec<Sent>)>,
    /// Whether the server answered at all.
    pub(crate) answered: bool,
    /// What was not accepted; one entry for all when the request failed as a whole.
    pub(crate) errors: Vec<(Option<TriggerId>, ApiError)>,
}

/// Sends the events of all in one request. `random` is uniform in 0 to 1.
pub(crate) async fn deliver_batch<O: Outside<Event = WireEvent>>(
    client: &Client,
    batch: &[Batched<O>],
    random: f64,
) -> BatchDelivered {
    let mut events = Vec::new();
    for one in batch {
        for message in &one.events {
            if let Message::Event(event) = &**message {
                events.push((one.trigger, &event.wire));
            }
        }
    }
    match client.events(&events).await {
        Ok(answers) => read_each(batch, answers, random),
        Err(error) => BatchDelivered {
            results: batch.iter().map(|one| (one.ticket, read_whole(&error, one, random))).collect(),
            answered: error.fault() != Fault::Transport,
            errors: vec![(None, error)],
        },
    }
}

fn read_each<O: Outside>(batch: &[Batched<O>], answers: Vec<Result<(), ApiError>>, random: f64) -> BatchDelivered {
    let mut answers = answers.into_iter();
    let (mut results, mut errors) = (Vec::with_capacity(batch.len()), Vec::new());
    for one in batch {
        let mut attempts = one.attempts;
        let mut sent = Vec::with_capacity(one.events.len());
        for answer in answers.by_ref().take(one.events.len()) {
            sent.push(match answer {
                Ok(()) => Sent::Accepted,
                Err(error) => {
                    let sent = interpret(Call::Event, &error, attempts, random);
                    if !matches!(error, ApiError::NotTried) {
                        errors.push((Some(one.trigger), error));
                    }
                    sent
                }
            });
            attempts = Attempts::default();
        }
        results.push((one.ticket, sent));
    }
    BatchDelivered { results, answered: true, errors }
}

/// What a batch that failed as a whole means for one trigger. One event may be the reason why a request is refused:
/// each event then goes by itself, and that answer counts.
fn read_whole<O: Outside>(error: &ApiError, one: &Batched<O>, random: f64) -> Vec<Sent> {
    let first = match error.fault() {
        Fault::Transport | Fault::Busy | Fault::Auth => interpret(Call::Event, error, one.attempts, random),
        _ => Sent::Alone,
    };
    vec![first; one.events.len()]
}

fn interpret(call: Call, error: &ApiError, attempts: Attempts, random: f64) -> Sent {
    // Only the holder moves a position: on a second attempt, the first one was stored and its answer was lost.
    if call == Call::Checkpoint && attempts.all > 0 && error.reason() == Some("stale_position") {
        return Sent::Accepted;
    }
    let server = error.fault() == Fault::Server;
    let failures = attempts.all.saturating_add(1);
    let later = |wait| Sent::Later { wait, server };
    match next_step(call, error.fault(), attempts.server.saturating_add(1), true) {
        Step::Lost if error.fault() == Fault::NotFound => Sent::Gone,
        // A conflict says who holds the trigger; any other refusal would come again after every new claim.
        Step::Lost if error.reason().is_none() => Sent::Refused(error.to_string()),
        Step::Lost | Step::RegisterAnew => Sent::NotOurs,
        Step::Park | Step::FailTrigger | Step::Fatal | Step::Halve => Sent::Refused(error.to_string()),
        Step::Done => Sent::Accepted,
        Step::RetrySlowly => later(SLOW_WAITS.next_wait(failures, random)),
        Step::Retry => later(match error {
            ApiError::Busy { retry_after: Some(wait), .. } => (*wait).min(Duration::from_secs(60)),
            // A first fault is most often one lost connection, and the trigger should not wait for seconds because of
            // it.
            _ if attempts.all == 0 => Duration::from_millis(100).mul_f64(0.5 + random),
            _ => EVENT_WAITS.next_wait(attempts.all, random).min(Duration::from_secs(30)),
        }),
    }
}

#[cfg(test)]
mod tests;
