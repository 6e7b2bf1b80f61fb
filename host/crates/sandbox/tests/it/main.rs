//! Tests of the sandbox through its public seam, with a guest that does whatever a guest should not.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod airflow;
mod answers;
mod cache;
mod ends;
mod fair;
mod gate;
mod host_calls;
mod isolation;
mod log_lines;
mod streams;
mod support;
mod v0_2;
mod wasi;
