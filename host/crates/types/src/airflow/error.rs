//! Why it gets nothing.

use std::time::Duration;

/// Why a guest gets no answer. The text reaches the guest: it holds no secret and nothing about the host's network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The grants, or Airflow itself, do not allow it; the text says what grant would.
    #[error("not granted: {0}")]
    NotGranted(String),
    /// It is not there.
    #[error("not found: {0}")]
    NotFound(String),
    /// The request is malformed, or Airflow could not take it.
    #[error("invalid request: {0}")]
    Invalid(String),
    /// The budget of the call is used up.
    #[error("budget used up: {0}")]
    Budget(String),
    /// The value sent or the answer is larger than this many bytes.
    #[error("larger than {0} bytes")]
    TooLarge(u64),
    /// No whole answer in time.
    #[error("no whole answer within {} ms", .0.as_millis())]
    Deadline(Duration),
    /// No connection, or a server that cannot answer now.
    #[error("unreachable: {0}")]
    Unreachable(String),
    /// None of the above.
    #[error("{0}")]
    Other(String),
}

impl Error {
    /// The kind of error in a word, without what was asked for.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::NotGranted(_) => "not-granted",
            Self::NotFound(_) => "not-found",
            Self::Invalid(_) => "invalid",
            Self::Budget(_) => "budget",
            Self::TooLarge(_) => "too-large",
            Self::Deadline(_) => "deadline",
            Self::Unreachable(_) => "unreachable",
            Self::Other(_) => "other",
        }
    }
}
