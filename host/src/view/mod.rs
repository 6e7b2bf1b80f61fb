//! What `dev` shows: each trigger's life as it happens, for a person or as JSON, and the summary at the end.
//!
//! The supervisor and the embedded API hand steps over without waiting; one thread writes them. A reader that is slower
//! than 65,536 steps loses some, and is told how many.

mod entry;
mod human;
mod json;
mod printer;
mod tally;

pub(crate) use entry::is_shown;
pub(crate) use printer::{Shown, Style, View};
