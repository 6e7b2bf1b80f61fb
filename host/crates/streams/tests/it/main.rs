//! Shared streams on tokio through their public face.

#![expect(clippy::expect_used, reason = "what is expected of the code under test")]

mod actor;
mod gather;
mod interleavings;
mod shapes;
