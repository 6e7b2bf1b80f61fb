//! Tests of the client through a real socket: a scripted server on the loopback interface, and the recorded exchanges
//! of Airflow.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail the test")]

mod asks;
mod batch;
mod faults;
mod replay;
mod server;
mod tokens;
mod trigger_tokens;
