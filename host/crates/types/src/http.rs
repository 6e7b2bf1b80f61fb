//! A request of a guest and its answer, between the sandbox (which speaks WIT) and the broker (which speaks HTTP).

use std::time::Duration;

use crate::ConnId;

/// One request, as the guest gave it: nothing in it has been checked.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// Should be an absolute `http` or `https` URL.
    pub url: String,
    /// Name and value, in order.
    pub headers: Vec<(String, String)>,
    /// The body, if any.
    pub body: Option<Vec<u8>>,
    /// The connection whose credential is to be added.
    pub connection: Option<ConnId>,
    /// The guest's own limit for the whole exchange.
    pub timeout: Option<Duration>,
}

/// An answer, within the caps of the grant.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// 100 to 599.
    pub status: u16,
    /// Lower-case name and value, in the order received.
    pub headers: Vec<(String, String)>,
    /// The whole body, decoded.
    pub body: Vec<u8>,
}

/// Why a guest gets no answer. The text reaches the guest: it holds no secret and nothing about the host's network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The grants do not allow it; the text says what grant would.
    #[error("not granted: {0}")]
    NotGranted(String),
    /// The request is malformed.
    #[error("invalid request: {0}")]
    Invalid(String),
    /// A budget of the call is used up.
    #[error("budget used up: {0}")]
    Budget(String),
    /// The answer is larger than this many bytes.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(u64),
    /// No whole answer in time.
    #[error("no whole answer within {} ms", .0.as_millis())]
    Deadline(Duration),
    /// No connection, or no HTTP.
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
            Self::Invalid(_) => "invalid",
            Self::Budget(_) => "budget",
            Self::TooLarge(_) => "too-large",
            Self::Deadline(_) => "deadline",
            Self::Unreachable(_) => "unreachable",
            Self::Other(_) => "other",
        }
    }
}
