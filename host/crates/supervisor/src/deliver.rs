//! One request to the API on behalf of a trigger, and what its answer means to the scheduler.

use std::time::Duration;

use execution_api::retry::{Backoff, Call, Step, next_step};
use execution_api::{ApiError, Client, Fault};
use trigger_host_types::{JobId, TriggerId};

use crate::scheduler::{Message, Sent};

/// Sends `message`; `attempt` counts earlier failures of it, `random` is uniform in 0 to 1.
pub(crate) async fn deliver(
    client: &Client,
    job: JobId,
    trigger: TriggerId,
    message: &Message,
    attempt: u32,
    random: f64,
) -> Result<Sent, (Sent, ApiError)> {
    let (call, answer) = match message {
        Message::Event(event) => (Call::Event, client.event(trigger, &event.wire).await),
        Message::Failure(failure) => (Call::Failure, client.failure(trigger, failure.lines.as_deref()).await),
        Message::Checkpoint(checkpoint) => (Call::Checkpoint, client.checkpoint(trigger, checkpoint, job).await),
    };
    answer.map(|()| Sent::Accepted).map_err(|error| (meaning(call, &error, attempt, random), error))
}

fn meaning(call: Call, error: &ApiError, attempt: u32, random: f64) -> Sent {
    // Only the holder moves a position: on a second attempt, the first one was stored and its answer lost.
    if call == Call::Checkpoint && attempt > 0 && error.reason() == Some("stale_position") {
        return Sent::Accepted;
    }
    let failures = attempt.saturating_add(1);
    match next_step(call, error.class_of(), failures, true) {
        Step::Lost if error.class_of() == Fault::NotFound => Sent::Gone,
        // A conflict says whose it is; any other refusal would come again after every new claim.
        Step::Lost if error.reason().is_none() => Sent::Refused(error.to_string()),
        Step::Lost | Step::RegisterAnew => Sent::NotOurs,
        Step::Park | Step::FailTrigger | Step::Fatal | Step::Halve => Sent::Refused(error.to_string()),
        Step::Done => Sent::Accepted,
        Step::RetrySlowly => Sent::Later(Backoff::SLOW.next_wait(failures, random)),
        Step::Retry => Sent::Later(match error {
            ApiError::Busy { retry_after: Some(wait), .. } => (*wait).min(Duration::from_secs(60)),
            // A first fault is most often one lost connection: the trigger should not wait for seconds on its account.
            _ if attempt == 0 => Duration::from_millis(100).mul_f64(0.5 + random),
            _ => Backoff::EVENT.next_wait(attempt, random).min(Duration::from_secs(30)),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server() -> ApiError {
        ApiError::Server { status: 500, what: "x".into() }
    }

    #[test]
    fn no_outage_loses_an_event_and_no_poison_event_stays_for_ever() {
        let down = ApiError::Transport { what: "refused".into() };
        assert!(
            matches!(meaning(Call::Event, &down, 10_000, 0.5), Sent::Later(wait) if wait <= Duration::from_secs(30))
        );
        assert!(matches!(meaning(Call::Event, &server(), 0, 0.5), Sent::Later(_)));
        assert!(matches!(meaning(Call::Event, &server(), 7, 0.5), Sent::Refused(_)));
    }

    #[test]
    fn a_checkpoint_of_another_host_ends_this_ones_trigger() {
        let other = ApiError::Rejected { status: 409, reason: Some("not_holder".into()), what: "x".into() };
        assert_eq!(meaning(Call::Checkpoint, &other, 0, 0.5), Sent::NotOurs);
        assert_eq!(meaning(Call::Checkpoint, &other, 3, 0.5), Sent::NotOurs);
    }

    #[test]
    fn a_checkpoint_that_nobody_would_take_fails_its_trigger() {
        let bad = ApiError::Rejected { status: 422, reason: None, what: "x".into() };
        assert!(matches!(meaning(Call::Checkpoint, &bad, 0, 0.5), Sent::Refused(_)));
    }

    #[test]
    fn a_checkpoint_whose_answer_was_lost_is_stored() {
        let stale = ApiError::Rejected { status: 409, reason: Some("stale_position".into()), what: "x".into() };
        assert_eq!(meaning(Call::Checkpoint, &stale, 1, 0.5), Sent::Accepted);
        assert_eq!(meaning(Call::Checkpoint, &stale, 0, 0.5), Sent::NotOurs);
    }
}
