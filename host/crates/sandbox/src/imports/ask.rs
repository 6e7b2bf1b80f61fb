//! What guests of every version ask of Airflow. What is granted is the other side's business; what is counted, and how
//! large it may be, is ours.

use tracing::Instrument as _;
use trigger_host_types::airflow::{Answers, Ask, Error, MAX_VALUE};
use trigger_host_types::imports::AnswersAll;
use trigger_host_types::spans;

use crate::state::State;
use crate::telemetry;

impl State {
    /// Counts, checks, asks, checks again.
    ///
    /// # Errors
    /// When the guest goes on after its budget is used up: the call is to end.
    pub async fn ask<A: Ask>(&mut self, ask: A) -> wasmtime::Result<Result<A::Answer, Error>>
    where
        dyn AnswersAll: Answers<A>,
    {
        let span = self.host.span(A::NAME);
        if self.budget.take(1)? == 0 {
            telemetry::count_refusal(A::INTERFACE);
            spans::end(&span, "budget");
            return Ok(Err(Error::Budget(self.budget.refusal())));
        }
        let mark = self.budget.remember(A::NAME.to_owned());
        if let Err(error) = ask.check() {
            telemetry::count_refusal(A::INTERFACE);
            self.budget.note_end(mark, summarize(&error));
            spans::end(&span, error.as_str());
            return Ok(Err(error));
        }
        let answer = self.meter.uncharged(self.host.airflow().answer(ask)).instrument(span.clone()).await;
        let answer = answer.and_then(refuse_large::<A>);
        // That something is not there is an answer too.
        telemetry::count_host_call(A::INTERFACE, matches!(answer, Ok(_) | Err(Error::NotFound(_))));
        self.budget.note_end(mark, answer.as_ref().map_or_else(summarize, |_| "ok".to_owned()));
        spans::end(&span, answer.as_ref().map_or_else(Error::as_str, |_| "ok"));
        Ok(answer)
    }
}

/// The answer, unless it is too large.
fn refuse_large<A: Ask>(answer: A::Answer) -> Result<A::Answer, Error> {
    if A::count_bytes(&answer) as u64 > MAX_VALUE { Err(Error::TooLarge(MAX_VALUE)) } else { Ok(answer) }
}

/// How it ended, without a word that may be secret.
fn summarize(error: &Error) -> String {
    match error {
        Error::NotGranted(_) => "not granted".to_owned(),
        Error::NotFound(_) => "not found".to_owned(),
        Error::Invalid(_) => "invalid request".to_owned(),
        Error::Budget(_) => "budget used up".to_owned(),
        Error::TooLarge(limit) => format!("larger than {limit} bytes"),
        Error::Deadline(limit) => format!("no whole answer within {} ms", limit.as_millis()),
        Error::Unreachable(_) => "unreachable".to_owned(),
        Error::Other(_) => "failed".to_owned(),
    }
}
