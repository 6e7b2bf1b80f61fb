//! The imports of a component, in the SDK's own types.

use crate::Duration;
use crate::bindings::trigger_host::host::{http as wit, logging};
use crate::http::{Error, Request, Response};
use crate::log::Level;

pub(crate) fn send(request: Request) -> Result<Response, Error> {
    answer(wit::send(&outgoing(request)))
}

pub(crate) fn send_all(requests: Vec<Request>) -> Vec<Result<Response, Error>> {
    let requests: Vec<wit::Request> = requests.into_iter().map(outgoing).collect();
    wit::send_all(&requests).into_iter().map(answer).collect()
}

pub(crate) fn log(level: Level, message: &str, fields: &[(&str, String)]) {
    let level = match level {
        Level::Debug => logging::Level::Debug,
        Level::Info => logging::Level::Info,
        Level::Warning => logging::Level::Warning,
        Level::Error => logging::Level::Error,
    };
    let field = |(name, value): &(&str, String)| logging::Field { name: (*name).to_owned(), value: value.clone() };
    let fields: Vec<logging::Field> = fields.iter().map(field).collect();
    logging::log(level, message, &fields);
}

fn outgoing(request: Request) -> wit::Request {
    wit::Request {
        method: request.method,
        url: request.url,
        headers: request.headers.into_iter().map(|(name, value)| wit::Header { name, value }).collect(),
        body: request.body,
        connection: request.connection,
        timeout_ms: request.timeout.map(|limit| u32::try_from(limit.as_millis()).unwrap_or(u32::MAX)),
    }
}

fn answer(answer: Result<wit::Response, wit::Error>) -> Result<Response, Error> {
    match answer {
        Ok(response) => Ok(Response {
            status: response.status,
            headers: response.headers.into_iter().map(|header| (header.name, header.value)).collect(),
            body: response.body,
        }),
        Err(error) => Err(match error {
            wit::Error::NotGranted(what) => Error::NotGranted(what),
            wit::Error::Invalid(what) => Error::Invalid(what),
            wit::Error::Budget(what) => Error::Budget(what),
            wit::Error::TooLarge(bytes) => Error::TooLarge(bytes),
            wit::Error::Deadline(millis) => Error::Deadline(Duration::from_millis(millis.into())),
            wit::Error::Unreachable(what) => Error::Unreachable(what),
            wit::Error::Other(what) => Error::Other(what),
        }),
    }
}
