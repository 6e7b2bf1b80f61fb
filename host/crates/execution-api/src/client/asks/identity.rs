//! A trigger's own token: given out by the server, or signed here in the name of its task instance.

use reqwest::header::HeaderValue;
use trigger_host_types::{JobId, TriggerId};
use uuid::Uuid;

use crate::client::Client;
use crate::client::answer::Answer;
use crate::client::answer::{self, Route};
use crate::client::exchange::{Ask, to_json};
use crate::error::ApiError;
use crate::token::bearer;
use crate::wire::{RuntimeTokenAnswer, RuntimeTokenBody};

/// An answer that holds one token.
const TOKEN: u64 = 64 * 1024;

/// In whose name a runtime request is made. An id that is used again for another task instance is another identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Identity {
    pub(super) trigger: TriggerId,
    pub(super) job: JobId,
    pub(super) task_instance: Option<Uuid>,
}

impl Client {
    /// Asks in the name of a trigger; once more with a new token when the kept one is refused, unless that was in vain
    /// a moment ago: what a guest can have asked over and over must not cost the server four requests each time.
    pub(super) async fn ask_as(&self, identity: &Identity, ask: Ask<'_>) -> Result<Answer, ApiError> {
        let Some(token) = self.find_token(identity).await? else { return self.asks.send(ask).await };
        let answer = self.asks.send_with(&ask, &token).await?;
        if !answer::refuses_token(&answer) || !self.trigger_tokens.forget(identity, &token) {
            return Ok(answer);
        }
        let Some(other) = self.find_token(identity).await? else { return Ok(answer) };
        let answer = if other == token { answer } else { self.asks.send_with(&ask, &other).await? };
        if answer::refuses_token(&answer) {
            self.trigger_tokens.keep_refused(identity, &other);
        }
        Ok(answer)
    }

    /// `None`: a trigger has no token of its own here.
    async fn find_token(&self, identity: &Identity) -> Result<Option<HeaderValue>, ApiError> {
        if let Some(kept) = self.trigger_tokens.get(identity) {
            return Ok(Some(kept));
        }
        let (token, life) = if self.trigger_tokens.are_given_out() {
            self.request_token(identity).await?
        } else {
            let Some(subject) = identity.task_instance else { return Ok(None) };
            let Some(signed) = self.asks.tokens.sign_as(subject) else { return Ok(None) };
            signed?
        };
        self.trigger_tokens.keep(*identity, token.clone(), life);
        Ok(Some(token))
    }

    /// `POST triggers/{id}/runtime-token`.
    async fn request_token(&self, identity: &Identity) -> Result<(HeaderValue, u64), ApiError> {
        let id = identity.trigger.to_string();
        let path = ["triggers", &id, "runtime-token"];
        let ask = Ask::post(&path, TOKEN).body(to_json(&RuntimeTokenBody { job_id: identity.job })?);
        let answer: RuntimeTokenAnswer =
            answer::parse(&self.triggers.send(ask).await?, Route::Other).map_err(mark_unknown_trigger)?;
        Ok((bearer(&answer.token)?, answer.expires_in))
    }
}

/// That the trigger is not there must not be taken for the absence of what it asks for.
fn mark_unknown_trigger(error: ApiError) -> ApiError {
    match error {
        ApiError::NotFound { what } => {
            ApiError::Rejected { status: 404, reason: Some("unknown_trigger".to_owned()), what }
        }
        other => other,
    }
}
