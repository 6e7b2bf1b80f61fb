//! What guests import: `trigger-host:host`, and the part of WASI that Rust's and Python's standard libraries cannot do without.
//!
//! Rules: counted before any effect; a refusal is a value of the interface, never a trap; nothing of WASI is granted.

mod budget;
mod clocks;
mod http;
mod linker;
mod logging;
mod runtime;
mod stdio;

pub(crate) use budget::{Budget, HostCallsExceeded};
pub(crate) use clocks::{CoarseMonotonic, CoarseWall};
pub(crate) use linker::linker;
pub(crate) use stdio::Output;
