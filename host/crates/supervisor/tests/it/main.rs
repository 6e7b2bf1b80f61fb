//! A whole host in one process, against the embedded API.
#![expect(clippy::unwrap_used, reason = "tests")]

mod spans;
