//! A request, built step by step.

use serde::Serialize;

use super::{Error, Response};
use crate::{Duration, platform};

/// A request. Nothing happens before [`send`](Self::send) or [`send_all`](super::send_all).
#[derive(Debug, Clone, PartialEq)]
#[must_use = "a request does nothing until it is sent"]
pub struct Request {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) connection: Option<String>,
    pub(crate) timeout: Option<Duration>,
    /// Reported when it is sent, so that building needs no `?`.
    pub(crate) fault: Option<Error>,
}

/// A request with any method.
pub fn request(method: impl Into<String>, url: impl Into<String>) -> Request {
    Request {
        method: method.into(),
        url: url.into(),
        headers: Vec::new(),
        body: None,
        connection: None,
        timeout: None,
        fault: None,
    }
}

/// A `GET` request.
pub fn get(url: impl Into<String>) -> Request {
    request("GET", url)
}

/// A `POST` request.
pub fn post(url: impl Into<String>) -> Request {
    request("POST", url)
}

/// A `PUT` request.
pub fn put(url: impl Into<String>) -> Request {
    request("PUT", url)
}

/// A `DELETE` request.
pub fn delete(url: impl Into<String>) -> Request {
    request("DELETE", url)
}

impl Request {
    /// Adds a header; names are sent in lower case.
    pub fn header(mut self, name: impl AsRef<str>, value: impl Into<String>) -> Self {
        self.headers.push((name.as_ref().to_ascii_lowercase(), value.into()));
        self
    }

    /// Adds several headers.
    pub fn headers<N: AsRef<str>, V: Into<String>>(self, headers: impl IntoIterator<Item = (N, V)>) -> Self {
        headers.into_iter().fold(self, |request, (name, value)| request.header(name, value))
    }

    /// A JSON body, with its `content-type` unless there is one already.
    pub fn json(mut self, body: &impl Serialize) -> Self {
        match serde_json::to_vec(body) {
            Ok(bytes) => self.body = Some(bytes),
            Err(error) => self.fault = Some(Error::Invalid(format!("the body is not JSON: {error}"))),
        }
        if self.headers.iter().any(|(name, _)| name == "content-type") {
            self
        } else {
            self.header("content-type", "application/json")
        }
    }

    /// A body of any kind.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// The Airflow connection whose credential the host is to add, if any: takes `"id"`, `Some("id")` or `None`.
    pub fn connection<'a>(mut self, id: impl Into<Option<&'a str>>) -> Self {
        self.connection = id.into().map(str::to_owned);
        self
    }

    /// How long the whole exchange may take; the grant's own limit when that is shorter.
    pub fn timeout(mut self, limit: impl Into<Duration>) -> Self {
        self.timeout = Some(limit.into());
        self
    }

    /// Sends it and waits for the answer, whatever its status.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn send(self) -> Result<Response, Error> {
        match self.fault {
            Some(fault) => Err(fault),
            None => platform::send(self),
        }
    }
}
