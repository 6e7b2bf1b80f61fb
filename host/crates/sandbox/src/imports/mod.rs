//! What guests of every version can have of the host, in neutral shapes, and the part of WASI that Rust's and Python's
//! standard libraries cannot do without.
//!
//! Rules: counted before any effect; a refusal is a value of the interface, never a trap; nothing of WASI is granted.

mod ask;
mod http;
mod wasi;

pub(crate) use wasi::{WASI, link_wasi};
