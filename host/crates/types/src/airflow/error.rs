//! Why it gets nothing.

use std::time::Duration;

use crate::{Blame, Class, Classify, Retry};

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

impl Classify for Error {
    fn class(&self) -> Class {
        match self {
            Self::NotGranted(_) => Class::Grant,
            Self::NotFound(_) | Self::Deadline(_) | Self::Unreachable(_) => Class::Api,
            Self::Invalid(_) => Class::Guest,
            Self::Budget(_) | Self::TooLarge(_) => Class::Limit,
            Self::Other(_) => Class::Host,
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Deadline(_) | Self::Unreachable(_) => Retry::Later,
            _ => Retry::Never,
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::NotGranted(_) => Blame::Operator,
            Self::Invalid(_) | Self::Budget(_) | Self::TooLarge(_) | Self::NotFound(_) => Blame::Guest,
            Self::Deadline(_) | Self::Unreachable(_) => Blame::Airflow,
            Self::Other(_) => Blame::Host,
        }
    }
}
