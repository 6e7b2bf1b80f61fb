//! The embedded API over real sockets: recorded exchanges, assignment, extensions, time-outs, faults, durability.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail as tests do")]

mod batch;
mod claims;
mod dev_routes;
mod durability;
mod extensions;
mod faults;
mod harness;
mod recorded;
mod recorded_pr;
mod recorded_released;
mod scheduler;
