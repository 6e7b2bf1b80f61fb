//! An answer.

use std::borrow::Cow;
use std::fmt;

use serde::de::DeserializeOwned;

use super::StatusError;

/// An answer, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// 100 to 599.
    pub status: u16,
    /// Lower-case names, in the order received.
    pub headers: Vec<(String, String)>,
    /// The whole body, decoded.
    pub body: Vec<u8>,
}

impl Response {
    /// Whether the status is 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The answer itself when [`is_success`](Self::is_success).
    ///
    /// # Errors
    /// The status, with the beginning of the body.
    pub fn success(self) -> Result<Self, StatusError> {
        if self.is_success() { Ok(self) } else { Err(self.status_error()) }
    }

    /// This answer as an error.
    pub fn status_error(&self) -> StatusError {
        let body = self.text().chars().take(200).map(|c| if c.is_control() { ' ' } else { c }).collect();
        StatusError { status: self.status, body }
    }

    /// The first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as text; what is not UTF-8 is replaced.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// When it is not JSON of this shape.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, BodyError> {
        serde_json::from_slice(&self.body).map_err(|error| BodyError { status: self.status, why: error.to_string() })
    }
}

/// A body that is not the JSON it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodyError {
    status: u16,
    why: String,
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the body of the answer with status {} does not fit: {}", self.status, self.why)
    }
}

impl std::error::Error for BodyError {}
