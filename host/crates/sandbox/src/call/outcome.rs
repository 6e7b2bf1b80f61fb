//! What a guest answers, after it has been checked.

use std::time::Duration;

use trigger_host_types::{Event, UnixMs};

/// The result of one poll. Every text in it is JSON, of bounded size and depth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// To be fired in this order, before the checkpoint is stored.
    pub events: Vec<Event>,
    /// Replaces the stored checkpoint; absent leaves it as it is.
    pub checkpoint: Option<String>,
    /// When to call again.
    pub next: Next,
}

/// When to call again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// After this time.
    After(Duration),
    /// At this time, at once if it is past.
    At(UnixMs),
    /// Never.
    Finished,
}

/// What a component says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// One sentence.
    pub summary: String,
    /// JSON Schema (2020-12) of the kwargs, as JSON text.
    pub kwargs_schema: String,
}
