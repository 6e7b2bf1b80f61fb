//! Moments and durations as kwargs, checkpoints and payloads carry them.

mod date_time;
mod duration;
mod duration_text;
mod rfc3339;

pub use date_time::{DateTime, ParseDateTimeError};
pub use duration::Duration;
pub use duration_text::ParseDurationError;
