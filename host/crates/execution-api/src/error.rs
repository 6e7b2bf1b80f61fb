//! Why a call did not do what it was for, in the classes of docs/design/triggerer.md#errors.
//!
//! Invariant: no text holds a token, a URL or a body of the server beyond a short, printable piece of its `detail`.

use std::time::Duration;

use trigger_host_types::JobId;

/// The classes that decide what happens next. See [`crate::retry`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// No whole answer: refused, reset, too slow, cut off.
    Transport,
    /// 408, 429, 502, 503, 504.
    Busy,
    /// 500 and the other 5xx.
    Server,
    /// 401 or 403, after the token was renewed once.
    Auth,
    /// The Job is unknown: its claims are gone.
    JobGone,
    /// What answers has no trigger API, or is no Execution API at all.
    NoApi,
    /// The thing asked for is not there.
    NotFound,
    /// 400, 409, 422 and the other 4xx: asking again the same way ends the same way.
    Rejected,
}

impl Fault {
    /// A stable name, for metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Transport => "transport",
            Self::Busy => "busy",
            Self::Server => "server",
            Self::Auth => "auth",
            Self::JobGone => "job-gone",
            Self::NoApi => "no-api",
            Self::NotFound => "not-found",
            Self::Rejected => "rejected",
        }
    }
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// No connection, or it broke.
    #[error("cannot reach the Execution API: {what}")]
    Transport {
        /// The innermost cause, without the address.
        what: String,
    },
    /// No whole answer in time.
    #[error("no complete answer from the Execution API within {} ms", .0.as_millis())]
    Deadline(Duration),
    /// The server asks for patience.
    #[error("the Execution API is busy (status {status})")]
    Busy {
        /// 408, 429, 502, 503 or 504.
        status: u16,
        /// The `Retry-After` header, when given in seconds.
        retry_after: Option<Duration>,
    },
    /// The server failed.
    #[error("the Execution API failed (status {status}): {what}")]
    Server {
        /// 5xx.
        status: u16,
        /// Its own words.
        what: String,
    },
    /// The server does not accept the token.
    #[error("the Execution API rejects the token (status {status}): {what}; check secret, audience, issuer and clocks")]
    Auth {
        /// 401 or 403.
        status: u16,
        /// Its own words.
        what: String,
    },
    /// There is no token to send.
    #[error("no token to send: {what}")]
    Token {
        /// What to do about it.
        what: String,
    },
    /// The Job is not known any more.
    #[error("the Execution API does not know job {0}; register again")]
    JobGone(JobId),
    /// An Execution API without trigger endpoints.
    #[error(
        "this Execution API has no trigger endpoints: install the plugin and point `[api] url` at it, or set `[api] dialect` if this Airflow has them built in"
    )]
    NoApi,
    /// Something else altogether.
    #[error("the server at this URL is not an Execution API: {what}")]
    NotTheApi {
        /// How that shows.
        what: String,
    },
    /// The thing is not there.
    #[error("not found: {what}")]
    NotFound {
        /// The server's words.
        what: String,
    },
    /// The server understood and refuses.
    #[error("the Execution API rejects the request (status {status}): {what}")]
    Rejected {
        /// 4xx.
        status: u16,
        /// `detail.reason`, a short code, when the server gives one: `not_holder`, `stale_position`, …
        reason: Option<String>,
        /// The server's words.
        what: String,
    },
    /// One event of a batch, behind one of the same trigger that failed. Nothing was done with it.
    #[error("an earlier event of the same trigger failed, so this one was not sent")]
    NotTried,
    /// The request cannot be put into words of the API; nothing was sent.
    #[error("cannot ask the Execution API: {what}")]
    Unsendable {
        /// Which part of it.
        what: String,
    },
    /// The answer is larger than any honest one.
    #[error("the answer of the Execution API is larger than {0} bytes")]
    TooLarge(u64),
}

impl ApiError {
    /// The class that decides what happens next.
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Transport { .. } | Self::Deadline(_) => Fault::Transport,
            Self::Busy { .. } | Self::NotTried => Fault::Busy,
            Self::Server { .. } | Self::TooLarge(_) => Fault::Server,
            Self::Auth { .. } | Self::Token { .. } => Fault::Auth,
            Self::JobGone(_) => Fault::JobGone,
            Self::NoApi | Self::NotTheApi { .. } => Fault::NoApi,
            Self::NotFound { .. } => Fault::NotFound,
            Self::Rejected { .. } | Self::Unsendable { .. } => Fault::Rejected,
        }
    }

    /// The server's short code for a refusal, when it gives one.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Rejected { reason, .. } => reason.as_deref(),
            _ => None,
        }
    }
}
