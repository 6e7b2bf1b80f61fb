//! The shapes that the tests of this package build again and again.

use std::time::Duration;

use bytes::Bytes;
use stream_rules::{AdvanceError, Lane, Policy, Raw, Verdict};

/// A raw event whose data and payload are its name.
pub(crate) fn raw(name: &str, lane: &str) -> Raw {
    let data = Bytes::copy_from_slice(name.as_bytes());
    Raw { payload: data.clone(), data, lane: Lane(Bytes::copy_from_slice(lane.as_bytes())) }
}

pub(crate) fn emit(events: u32) -> Verdict {
    Verdict::Emit { events }
}

pub(crate) fn failure(what: &str, fatal: bool) -> AdvanceError {
    AdvanceError { what: what.into(), fatal, retry_after: None }
}

/// Our rules without waits that a test is not about.
pub(crate) fn safe() -> Policy {
    Policy { grace: Duration::ZERO, ack_timeout: Duration::from_secs(100), ..Policy::safe() }
}
