//! Why there is no answer, or not the one that was needed.

use std::fmt;

use crate::Duration;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The grants do not allow this request; says what grant would.
    NotGranted(String),
    /// The request is malformed; says where.
    Invalid(String),
    /// The call's budget of requests or bytes is used up; says which.
    Budget(String),
    /// The answer is larger than this many bytes.
    TooLarge(u64),
    /// No whole answer within this time. The request may have arrived.
    Deadline(Duration),
    /// The name does not resolve, the connection failed, or the answer was not HTTP. The request may have arrived.
    Unreachable(String),
    /// Anything else.
    Other(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotGranted(what) => write!(f, "not granted: {what}"),
            Self::Invalid(what) => write!(f, "invalid request: {what}"),
            Self::Budget(what) => write!(f, "budget used up: {what}"),
            Self::TooLarge(bytes) => write!(f, "the answer is larger than {bytes} bytes"),
            Self::Deadline(limit) => write!(f, "no whole answer within {limit}"),
            Self::Unreachable(what) => write!(f, "unreachable: {what}"),
            Self::Other(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for Error {}

/// An answer with a status that does not mean success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusError {
    /// The status.
    pub status: u16,
    /// The beginning of the body, for the task's log.
    pub body: String,
}

impl fmt::Display for StatusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the answer has status {}", self.status)?;
        if self.body.is_empty() { Ok(()) } else { write!(f, ": {}", self.body) }
    }
}

impl std::error::Error for StatusError {}
