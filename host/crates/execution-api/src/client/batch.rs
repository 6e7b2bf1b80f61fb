//! `POST triggers/events`, the extension `event-batch`: several events in one request, each with an answer of its own.

use encodings::WireEvent;
use trigger_host_types::TriggerId;

use super::Client;
use super::answer::Answer;
use super::answer::{self, Route};
use super::exchange::{Ask, to_json};
use crate::error::ApiError;
use crate::wire::{BatchAnswers, BatchBody, BatchedAnswer, BatchedEvent};

/// Five hundred answers, each a failure with many words.
const ANSWERS: u64 = 4 * 1024 * 1024;

impl Client {
    /// `POST triggers/events`: 1 to 500 of them. Only for a server that announced `event-batch`. One answer for each
    /// event, in their order: each is what [`Client::event`] would have said of it, or [`ApiError::NotTried`] behind
    /// one of the same trigger that failed.
    ///
    /// # Errors
    /// The request as a whole failed: nothing is known of any of them. A repetition with the same keys does nothing
    /// twice.
    pub async fn events(&self, events: &[(TriggerId, &WireEvent)]) -> Result<Vec<Result<(), ApiError>>, ApiError> {
        let events: Vec<_> = events.iter().map(|(trigger, event)| BatchedEvent::new(*trigger, event)).collect();
        let path = ["triggers", "events"];
        let ask = Ask::post(&path, ANSWERS).body(to_json(&BatchBody { events: &events })?);
        let answer = self.triggers.send(ask).await?;
        let answers = answer::parse::<BatchAnswers>(&answer, Route::Other)?.answers;
        if answers.len() != events.len() {
            let what = format!("{} answers to {} events; check the URL", answers.len(), events.len());
            return Err(ApiError::NotTheApi { what });
        }
        Ok(answers.into_iter().map(single).collect())
    }
}

/// An answer of a batch as the one that a single event would have had.
fn single(answer: BatchedAnswer) -> Result<(), ApiError> {
    if answer.status == 424 {
        return Err(ApiError::NotTried);
    }
    let body = answer.detail.map(|detail| serde_json::json!({"detail": detail}).to_string());
    let answer = Answer::from_part(answer.status, body.unwrap_or_default().into_bytes());
    answer::accepted(&answer, Route::Other)
}
