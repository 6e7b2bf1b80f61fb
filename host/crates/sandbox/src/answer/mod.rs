//! Checks what a guest of any version answers, before anything is done with it.

mod json;
mod outcome;
mod stream;

pub(crate) use outcome::{bound_error, check_description, check_outcome};
pub(crate) use stream::{check_advanced, check_read_batch, check_stream, check_verdicts};
