//! What guests ask of Airflow: from WIT to the seam and back. What is granted is the other side's business; what is counted, and how large it may
//! be, is ours. A file for each interface, one way for all.

mod asset_state;
mod caps;
mod connections;
mod dag_runs;
mod task_instances;
mod variables;
mod xcoms;

use trigger_host_types::airflow::{Answer, Error, Request};

use crate::bindings::trigger_host::host::runtime as wit;
use crate::state::State;
use crate::telemetry;

/// What a function of an interface gives.
type Given<T> = wasmtime::Result<Result<T, wit::Error>>;

// Shapes only.
impl wit::Host for State {}

impl State {
    /// Counts, checks, asks, checks again. `take` picks what the function gives out of the answer.
    async fn ask<T>(&mut self, request: Request, take: impl FnOnce(Answer) -> Option<T> + Send) -> Given<T> {
        let import = import_of(&request);
        if self.budget.take(1)? == 0 {
            telemetry::host_call_refused(import);
            return Ok(Err(wit::Error::Budget(self.budget.refusal())));
        }
        let mark = self.budget.remember(request.name().to_owned());
        if let Err(error) = caps::check(&request) {
            telemetry::host_call_refused(import);
            self.budget.came_to(mark, line(&error));
            return Ok(Err(to_guest(error)));
        }
        let answer = self.meter.uncharged(self.host.runtime(request)).await;
        let answer = answer.and_then(caps::capped);
        // That something is not there is an answer too.
        telemetry::host_call(import, matches!(answer, Ok(_) | Err(Error::NotFound(_))));
        self.budget.came_to(mark, answer.as_ref().map_or_else(line, |_| "ok".to_owned()));
        let other = || wit::Error::Other("the host gave another answer than was asked for".to_owned());
        Ok(answer.map_err(to_guest).and_then(|answer| take(answer).ok_or_else(other)))
    }
}

/// The label of the metric.
fn import_of(request: &Request) -> &'static str {
    request.name().split_once('.').map_or(request.name(), |(interface, _)| interface)
}

/// What came of it, without a word that may be secret.
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

fn to_guest(error: Error) -> wit::Error {
    match error {
        Error::NotGranted(text) => wit::Error::NotGranted(text),
        Error::NotFound(text) => wit::Error::NotFound(text),
        Error::Invalid(text) => wit::Error::Invalid(text),
        Error::Budget(text) => wit::Error::Budget(text),
        Error::TooLarge(limit) => wit::Error::TooLarge(limit),
        Error::Deadline(limit) => wit::Error::Deadline(u32::try_from(limit.as_millis()).unwrap_or(u32::MAX)),
        Error::Unreachable(text) => wit::Error::Unreachable(text),
        Error::Other(text) => wit::Error::Other(text),
    }
}

fn done(answer: Answer) -> Option<()> {
    matches!(answer, Answer::Done).then_some(())
}

fn text(answer: Answer) -> Option<String> {
    if let Answer::Text(text) = answer { Some(text) } else { None }
}

fn count(answer: Answer) -> Option<u64> {
    if let Answer::Count(count) = answer { Some(count) } else { None }
}
