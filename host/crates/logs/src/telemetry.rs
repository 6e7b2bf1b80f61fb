//! What the logs count, each at one place.

use telemetry::table::{LOG_SERVER_REQUESTS, TRIGGER_LOG_BYTES, TRIGGER_LOG_LINES, TRIGGER_LOG_LINES_LOST};

/// Why a line was not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lost {
    /// More lines waited than may.
    Queue,
    /// The file has reached its size.
    Full,
    /// The path is none that this host writes to.
    Path,
    /// The file system would not take it.
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
    TRIGGER_LOG_LINES.get().increment(lines);
    TRIGGER_LOG_BYTES.get().increment(bytes);
}

pub(crate) fn lost(lines: u64, why: Lost) {
    TRIGGER_LOG_LINES_LOST.with([why.as_str()]).increment(lines);
}

pub(crate) fn requested(status: u16) {
    LOG_SERVER_REQUESTS.with([label(status)]).increment(1);
}

/// The statuses that the log server answers with, as values of a label.
const fn label(status: u16) -> &'static str {
    match status {
        200 => "200",
        206 => "206",
        403 => "403",
        404 => "404",
        405 => "405",
        416 => "416",
        _ => "other",
    }
}
