//! The three questions every error type of a library seam answers: what it is, whether to try again, whose fault it is.

/// A short, stable code for metrics and `--output json`. A closed set: it may be a metric label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Something is not granted.
    Grant,
    /// A limit or budget was used up.
    Limit,
    /// The guest's own failure.
    Guest,
    /// A component cannot be used.
    Component,
    /// A file, key or flag of the operator is wrong.
    Config,
    /// A remote service, not Airflow.
    Remote,
    /// The Execution API.
    Api,
    /// Our own fault or the machine's.
    Host,
}

impl Class {
    /// The code as text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Limit => "limit",
            Self::Guest => "guest",
            Self::Component => "component",
            Self::Config => "config",
            Self::Remote => "remote",
            Self::Api => "api",
            Self::Host => "host",
        }
    }
}

/// Whether the same thing may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// At once: nothing was wrong with the request or the server.
    Now,
    /// After a wait that grows.
    Later,
    /// It will end the same way every time.
    Never,
}

/// Whose fault it is, so whom to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The trigger's code.
    Guest,
    /// The one who runs the host.
    Operator,
    /// A service a trigger calls.
    Remote,
    /// The Execution API.
    Airflow,
    /// Trigger Host itself.
    Host,
}

/// Implemented by every error of a library seam.
pub trait Classify {
    /// The short code.
    fn class(&self) -> Class;
    /// Whether to try again.
    fn retry(&self) -> Retry;
    /// Whose fault it is.
    fn blame(&self) -> Blame;
}
