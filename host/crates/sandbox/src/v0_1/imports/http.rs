//! `trigger-host:host/http`.

use std::time::Duration;

use trigger_host_types::{ConnId, http};

use crate::state::State;
use crate::v0_1::bindings::trigger_host::host::http as wit;

type Answer = Result<wit::Response, wit::Error>;

impl wit::Host for State {
    async fn send(&mut self, request: wit::Request) -> wasmtime::Result<Answer> {
        Ok(to_guest(self.http_send(from_guest(request)).await?))
    }

    async fn send_all(&mut self, requests: Vec<wit::Request>) -> wasmtime::Result<Vec<Answer>> {
        let answers = self.http_send_all(requests.into_iter().map(from_guest)).await?;
        Ok(answers.into_iter().map(to_guest).collect())
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

fn to_guest(answer: Result<http::Response, http::Error>) -> Answer {
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
