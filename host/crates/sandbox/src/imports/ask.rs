//! What guests of every version ask of Airflow. What is granted is the other side's business; what is counted, and how large it may be, is ours.

use trigger_host_types::runtime::{Answer, Error, Request};

use super::caps;
use crate::state::State;
use crate::telemetry;

impl State {
    /// Counts, checks, asks, checks again. `take` picks what the function gives out of the answer.
    ///
    /// # Errors
    /// When the guest goes on after its budget is used up: the call is to end.
    pub async fn ask<T>(
        &mut self,
        request: Request,
        take: impl FnOnce(Answer) -> Option<T> + Send,
    ) -> wasmtime::Result<Result<T, Error>> {
        let import = import_of(&request);
        if self.budget.take(1)? == 0 {
            telemetry::count_refusal(import);
            return Ok(Err(Error::Budget(self.budget.refusal())));
        }
        let mark = self.budget.remember(request.name().to_owned());
        if let Err(error) = caps::check(&request) {
            telemetry::count_refusal(import);
            self.budget.note_end(mark, line(&error));
            return Ok(Err(error));
        }
        let answer = self.meter.uncharged(self.host.runtime(request)).await;
        let answer = answer.and_then(caps::capped);
        // That something is not there is an answer too.
        telemetry::count_host_call(import, matches!(answer, Ok(_) | Err(Error::NotFound(_))));
        self.budget.note_end(mark, answer.as_ref().map_or_else(line, |_| "ok".to_owned()));
        let other = || Error::Other("the host gave an answer of another kind".to_owned());
        Ok(answer.and_then(|answer| take(answer).ok_or_else(other)))
    }
}

/// The label of the metric.
fn import_of(request: &Request) -> &'static str {
    request.name().split_once('.').map_or(request.name(), |(interface, _)| interface)
}

/// How it ended, without a word that may be secret.
fn line(error: &Error) -> String {
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
