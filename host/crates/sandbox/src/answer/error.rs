//! The error of a guest: bounded, on one line each.

use crate::GuestError;
use crate::bindings::trigger_host::trigger::types as wit;
use crate::log::{cut, inert};

const MOST_MESSAGE: usize = 4 << 10;
const MOST_DETAILS: usize = 100;

/// What a guest says when it fails on purpose. Too much of it is cut, not refused: it is what a person has to go by.
pub(crate) fn guest_error(error: wit::Error) -> GuestError {
    match error {
        wit::Error::InvalidKwargs(text) => GuestError::InvalidKwargs(line(&text)),
        wit::Error::Failed(failure) => GuestError::Failed {
            message: line(&failure.message),
            details: failure.details.iter().take(MOST_DETAILS).map(|text| line(text)).collect(),
        },
        wit::Error::Other(text) => GuestError::Other(line(&text)),
    }
}

fn line(text: &str) -> String {
    inert(cut(text, MOST_MESSAGE))
}
