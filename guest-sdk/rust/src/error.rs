//! Why a trigger fails, made for `?`.

use std::fmt;

use crate::bindings::trigger_host::trigger::types as wit;

/// The result of everything an author writes.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Ends the trigger and fails the task. Any standard error becomes one with `?`.
///
/// Deliberately not a `std::error::Error` itself: that is what makes the conversion from all others possible.
#[derive(Clone, PartialEq, Eq)]
pub struct Error {
    kind: Kind,
    message: String,
    details: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Kwargs,
    Failed,
}

impl Error {
    /// The trigger failed: one line for the task's log.
    pub fn failed(message: impl Into<String>) -> Self {
        Self { kind: Kind::Failed, message: message.into(), details: Vec::new() }
    }

    /// A kwarg does not fit: its key, and what was expected.
    pub fn kwarg(key: &str, expected: impl fmt::Display) -> Self {
        Self::kwargs(format!("`{key}`: {expected}"))
    }

    /// The kwargs do not fit as a whole.
    pub fn kwargs(message: impl Into<String>) -> Self {
        Self { kind: Kind::Kwargs, message: message.into(), details: Vec::new() }
    }

    /// Adds a line below the message.
    #[must_use]
    pub fn detail(mut self, line: impl Into<String>) -> Self {
        self.details.push(line.into());
        self
    }

    /// The one line.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The lines below it.
    pub fn details(&self) -> &[String] {
        &self.details
    }

    /// Whether it is about the kwargs.
    pub fn is_kwargs(&self) -> bool {
        self.kind == Kind::Kwargs
    }

    pub(crate) fn into_wit(self) -> wit::Error {
        match self.kind {
            Kind::Kwargs if self.details.is_empty() => wit::Error::InvalidKwargs(one_line(&self.message)),
            Kind::Kwargs => {
                wit::Error::InvalidKwargs(one_line(&format!("{} ({})", self.message, self.details.join("; "))))
            }
            Kind::Failed => wit::Error::Failed(wit::Failure {
                message: one_line(&self.message),
                details: self.details.iter().flat_map(|detail| detail.lines()).map(str::to_owned).collect(),
            }),
        }
    }
}

/// The interface says lines: an author's text may hold line ends.
fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.details.iter().try_for_each(|detail| write!(f, "\n  {detail}"))
    }
}

impl<E: std::error::Error> From<E> for Error {
    fn from(error: E) -> Self {
        let mut converted = Self::failed(error.to_string());
        let mut source = error.source();
        while let Some(cause) = source {
            converted.details.push(format!("caused by: {cause}"));
            source = cause.source();
        }
        converted
    }
}

/// Says what was being done when an error came up.
pub trait ErrorContext<T> {
    /// Puts `doing` before the error's message: `submit the job: no whole answer within 1000 ms`.
    ///
    /// # Errors
    /// The error it was, with the text before it.
    fn context(self, doing: impl fmt::Display) -> Result<T>;
}

impl<T, E: Into<Error>> ErrorContext<T> for Result<T, E> {
    fn context(self, doing: impl fmt::Display) -> Result<T> {
        self.map_err(|error| {
            let mut error = error.into();
            error.message = format!("{doing}: {}", error.message);
            error
        })
    }
}
