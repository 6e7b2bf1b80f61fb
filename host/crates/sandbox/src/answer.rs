//! Checks what a guest answers before anything is done with it.

mod error;
mod json;
mod outcome;

pub(crate) use error::guest_error;
pub(crate) use outcome::{description, outcome};
