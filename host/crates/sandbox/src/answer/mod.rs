//! Checks what a guest of any version answers, before anything is done with it.

mod json;
mod outcome;
mod stream;

pub(crate) use outcome::{description, guest_error, outcome};
pub(crate) use stream::{advanced, read_batch, stream, verdicts};
