//! `trigger-host:host/http`: from WIT to the seam and back. What is granted is the other side's business; what is counted is ours.

use std::time::Duration;

use trigger_host_types::{ConnId, http};

use super::budget::{answer_line, request_line};
use crate::bindings::trigger_host::host::http as wit;
use crate::state::State;
use crate::telemetry;

/// A list of requests with more entries is refused as a whole.
const MOST_AT_ONCE: usize = 1_000;

impl wit::Host for State {
    async fn send(&mut self, request: wit::Request) -> wasmtime::Result<Result<wit::Response, wit::Error>> {
        if self.budget.take(1)? == 0 {
            return Ok(Err(self.refuse()));
        }
        let request = from_guest(request);
        let mark = self.budget.remember(request_line(&request));
        let answer = self.meter.uncharged(self.host.http_send(request)).await;
        self.budget.came_to(mark, answer_line(&answer));
        telemetry::host_call("http", answer.is_ok());
        Ok(to_guest(answer))
    }

    async fn send_all(
        &mut self,
        requests: Vec<wit::Request>,
    ) -> wasmtime::Result<Vec<Result<wit::Response, wit::Error>>> {
        let wanted = requests.len();
        let got = self.budget.take(wanted)?;
        let got = if wanted > MOST_AT_ONCE { 0 } else { got };
        let requests: Vec<_> = requests.into_iter().take(got).map(from_guest).collect();
        let marks: Vec<_> = requests.iter().map(|request| self.budget.remember(request_line(request))).collect();
        let mut answers = match requests.is_empty() {
            true => Vec::new(),
            false => self.meter.uncharged(self.host.http_send_all(requests)).await,
        };
        answers.truncate(got);
        marks.into_iter().zip(&answers).for_each(|(mark, answer)| self.budget.came_to(mark, answer_line(answer)));
        answers.iter().for_each(|answer| telemetry::host_call("http", answer.is_ok()));
        let mut answers: Vec<_> = answers.into_iter().map(to_guest).collect();
        // One answer for each request, whatever the other side gave.
        answers.resize_with(got, || Err(wit::Error::Other("the host gave no answer".to_owned())));
        answers.resize_with(wanted, || Err(self.refuse()));
        Ok(answers)
    }
}

impl State {
    fn refuse(&self) -> wit::Error {
        telemetry::host_call_refused("http");
        wit::Error::Budget(self.budget.refusal())
    }
}

fn from_guest(request: wit::Request) -> http::Request {
    http::Request {
        method: request.method,
        url: request.url,
        headers: request.headers.into_iter().map(|header| (header.name, header.value)).collect(),
        body: request.body,
        connection: request.connection.map(ConnId::from),
        timeout: request.timeout_ms.map(|ms| Duration::from_millis(ms.into())),
    }
}

fn to_guest(answer: Result<http::Response, http::Error>) -> Result<wit::Response, wit::Error> {
    match answer {
        Ok(http::Response { status, headers, body }) => {
            let headers = headers.into_iter().map(|(name, value)| wit::Header { name, value }).collect();
            Ok(wit::Response { status, headers, body })
        }
        Err(error) => Err(match error {
            http::Error::NotGranted(text) => wit::Error::NotGranted(text),
            http::Error::Invalid(text) => wit::Error::Invalid(text),
            http::Error::Budget(text) => wit::Error::Budget(text),
            http::Error::TooLarge(limit) => wit::Error::TooLarge(limit),
            http::Error::Deadline(limit) => wit::Error::Deadline(u32::try_from(limit.as_millis()).unwrap_or(u32::MAX)),
            http::Error::Unreachable(text) => wit::Error::Unreachable(text),
            http::Error::Other(text) => wit::Error::Other(text),
        }),
    }
}
