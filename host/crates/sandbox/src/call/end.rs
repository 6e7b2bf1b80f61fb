//! How a call ended, and what it used.

use std::fmt;
use std::time::Duration;

pub use trigger_host_types::Used;

/// A call that is over: its result and what it used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended<T> {
    /// The answer, checked, or why there is none.
    pub result: Result<T, EndReason>,
    /// What it used, also when it failed.
    pub used: Used,
}

/// What a guest says when it fails on purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GuestError {
    /// The kwargs are not valid.
    InvalidKwargs(String),
    /// The trigger failed.
    Failed {
        /// One line.
        message: String,
        /// More lines.
        details: Vec<String>,
    },
    /// None of the above.
    Other(String),
}

/// Why a call has no answer. Printed as one line; [`EndReason::lines`] has the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndReason {
    /// The guest said so.
    Guest(GuestError),
    /// The guest's code failed.
    Trap {
        /// One line.
        message: String,
        /// Functions of the guest, innermost first.
        backtrace: Vec<String>,
    },
    /// It used more CPU time than it may.
    Cpu {
        /// What it may use.
        limit: Duration,
        /// What it had used when it was stopped.
        used: Duration,
    },
    /// It asked for more memory than it may have.
    Memory {
        /// Bytes over all its memories.
        limit: u64,
        /// What the sum would have become.
        asked: u64,
    },
    /// It took longer than it may.
    Deadline {
        /// What it may take.
        limit: Duration,
        /// What it had taken when it was stopped.
        used: Duration,
    },
    /// It went on making host calls after its budget was used up.
    HostCalls {
        /// What it may make.
        limit: u32,
        /// What it tried.
        used: u32,
    },
    /// Its answer cannot be used.
    BadAnswer {
        /// What is wrong, and with which part.
        what: String,
    },
    /// The host cancelled the call.
    Cancelled,
}

impl EndReason {
    /// Every [`EndReason::code`].
    pub const CODES: [&'static str; 8] =
        ["guest", "trap", "cpu", "memory", "deadline", "host-calls", "bad-answer", "cancelled"];

    /// A short, stable name, from a closed set: for metrics and for `--output json`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Guest(_) => "guest",
            Self::Trap { .. } => "trap",
            Self::Cpu { .. } => "cpu",
            Self::Memory { .. } => "memory",
            Self::Deadline { .. } => "deadline",
            Self::HostCalls { .. } => "host-calls",
            Self::BadAnswer { .. } => "bad-answer",
            Self::Cancelled => "cancelled",
        }
    }

    /// The limit that was reached, and what was used, with their units; none when the call ended for another reason.
    pub fn limit(&self) -> Option<(String, String)> {
        let ms = |span: &Duration| format!("{} ms", span.as_millis());
        match self {
            Self::Cpu { limit, used } => Some((format!("{} of CPU time", ms(limit)), ms(used))),
            Self::Deadline { limit, used } => Some((ms(limit), ms(used))),
            Self::Memory { limit, asked } => Some((format!("{limit} bytes of memory"), format!("{asked} bytes"))),
            Self::HostCalls { limit, used } => Some((format!("{limit} host calls"), used.to_string())),
            Self::Guest(_) | Self::Trap { .. } | Self::BadAnswer { .. } | Self::Cancelled => None,
        }
    }

    /// The lines for the task's log: the reason first, then what a person needs to find the cause.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.to_string()];
        match self {
            Self::Guest(GuestError::Failed { details, .. }) => lines.extend(details.iter().cloned()),
            Self::Trap { backtrace, .. } => lines.extend(backtrace.iter().map(|frame| format!("  at {frame}"))),
            _ => {}
        }
        lines
    }
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Guest(error) => error.fmt(f),
            Self::Trap { message, .. } => write!(f, "the trigger's code failed: {message}"),
            Self::Cpu { limit, used } => {
                write!(
                    f,
                    "the trigger used {} ms of CPU time, more than its limit of {} ms",
                    used.as_millis(),
                    limit.as_millis()
                )
            }
            Self::Memory { limit, asked } => {
                write!(f, "the trigger asked for {asked} bytes of memory, more than its limit of {limit}")
            }
            Self::Deadline { limit, used } => {
                write!(f, "the trigger took {} ms, more than its limit of {} ms", used.as_millis(), limit.as_millis())
            }
            Self::HostCalls { limit, used } => {
                write!(
                    f,
                    "the trigger tried to make {used} host calls, and went on after its limit of {limit} was reached"
                )
            }
            Self::BadAnswer { what } => write!(f, "the trigger's answer cannot be used: {what}"),
            Self::Cancelled => f.write_str("the host cancelled the call"),
        }
    }
}

impl fmt::Display for GuestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidKwargs(text) => write!(f, "the kwargs are not valid: {text}"),
            Self::Failed { message, .. } => f.write_str(message),
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for EndReason {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_codes_is_whole() {
        let span = Duration::from_millis(5);
        let reasons = [
            EndReason::Guest(GuestError::Other(String::new())),
            EndReason::Trap { message: String::new(), backtrace: Vec::new() },
            EndReason::Cpu { limit: span, used: span },
            EndReason::Memory { limit: 1, asked: 2 },
            EndReason::Deadline { limit: span, used: span },
            EndReason::HostCalls { limit: 1, used: 2 },
            EndReason::BadAnswer { what: String::new() },
            EndReason::Cancelled,
        ];
        assert_eq!(reasons.each_ref().map(EndReason::code), EndReason::CODES);
        assert_eq!(reasons[2].limit(), Some(("5 ms of CPU time".into(), "5 ms".into())));
    }
}
