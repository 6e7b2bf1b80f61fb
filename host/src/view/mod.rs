//! What `dev` shows: each trigger's life as it happens, for a person or as JSON, and the summary at the end.
//!
//! The supervisor and the embedded API hand steps over without waiting; one thread writes them. A reader that falls
//! 65,536 steps behind loses some; a warning at the end says how many.

mod entry;
mod human;
mod json;
mod printer;
mod tally;

pub(crate) use entry::is_shown;
pub(crate) use printer::{Shown, Style, View};
