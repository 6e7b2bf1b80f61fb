//! Checks what a guest answers before anything is done with it.

mod error;
mod json;
mod outcome;
mod stream;

pub(crate) use error::guest_error;
pub(crate) use outcome::{description, outcome};
pub(crate) use stream::{advanced, read_batch, stream, verdicts};
