//! Why there is no answer.

use std::fmt;

use crate::Duration;
use crate::bindings::trigger_host::host::runtime as wit;

/// Why there is no answer from Airflow.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The grants, or Airflow itself, do not allow this; says what grant would.
    NotGranted(String),
    /// What was asked for is not there; says which.
    NotFound(String),
    /// The request is malformed, or Airflow could not take it; says where.
    Invalid(String),
    /// The call's budget of host calls is used up.
    Budget(String),
    /// The value sent or the answer is larger than this many bytes.
    TooLarge(u64),
    /// No whole answer within this time. What was asked may have been done.
    Deadline(Duration),
    /// Airflow cannot be reached or is not able to answer now. What was asked may have been done.
    Unreachable(String),
    /// Anything else.
    Other(String),
}

impl Error {
    /// Whether asking later may help: poll again instead of failing.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Deadline(_) | Self::Unreachable(_))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotGranted(what) => write!(f, "not granted: {what}"),
            Self::NotFound(what) => write!(f, "not found: {what}"),
            Self::Invalid(what) => write!(f, "invalid request: {what}"),
            Self::Budget(what) => write!(f, "budget used up: {what}"),
            Self::TooLarge(bytes) => write!(f, "larger than {bytes} bytes"),
            Self::Deadline(limit) => write!(f, "no whole answer from Airflow within {limit}"),
            Self::Unreachable(what) => write!(f, "unreachable: {what}"),
            Self::Other(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for Error {}

impl From<wit::Error> for Error {
    fn from(error: wit::Error) -> Self {
        match error {
            wit::Error::NotGranted(what) => Self::NotGranted(what),
            wit::Error::NotFound(what) => Self::NotFound(what),
            wit::Error::Invalid(what) => Self::Invalid(what),
            wit::Error::Budget(what) => Self::Budget(what),
            wit::Error::TooLarge(bytes) => Self::TooLarge(bytes),
            wit::Error::Deadline(millis) => Self::Deadline(Duration::from_millis(millis.into())),
            wit::Error::Unreachable(what) => Self::Unreachable(what),
            wit::Error::Other(what) => Self::Other(what),
        }
    }
}
