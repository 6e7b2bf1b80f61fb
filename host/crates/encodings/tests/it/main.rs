//! Tests of both directions, by the public functions alone: examples, and properties of random values.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod encodings;
mod properties;
