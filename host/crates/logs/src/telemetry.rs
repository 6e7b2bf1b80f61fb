//! Metrics. Names are constants, label values come from closed sets: never ids, paths or messages.

use metrics::counter;

/// Lines written to the files of triggers.
pub const LINES: &str = "trigger_host_trigger_log_lines_total";
/// Bytes written to the files of triggers.
pub const BYTES: &str = "trigger_host_trigger_log_bytes_total";
/// Lines that were not written, by `reason`: [`Lost::as_str`].
pub const LOST: &str = "trigger_host_trigger_log_lines_lost_total";
/// Requests to the log server, by `status`.
pub const REQUESTS: &str = "trigger_host_log_server_requests_total";

/// Why a line was not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lost {
    /// Too many lines were waiting already.
    Queue,
    /// The file has reached its limit.
    Full,
    /// This host does not write to such a path.
    Path,
    /// The file system refused it.
    Error,
}

impl Lost {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Full => "full",
            Self::Path => "path",
            Self::Error => "error",
        }
    }
}

pub(crate) fn written(lines: u64, bytes: u64) {
    counter!(LINES).increment(lines);
    counter!(BYTES).increment(bytes);
}

pub(crate) fn lost(lines: u64, why: Lost) {
    counter!(LOST, "reason" => why.as_str()).increment(lines);
}

pub(crate) fn requested(status: u16) {
    counter!(REQUESTS, "status" => status.to_string()).increment(1);
}
