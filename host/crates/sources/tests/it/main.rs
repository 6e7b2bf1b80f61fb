//! Native sources as a group reads them: real files, real sockets, and for Kafka a real broker.
#![cfg(any(feature = "kafka", feature = "directory", feature = "http"))]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

#[cfg(feature = "directory")]
mod directory;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "kafka")]
mod kafka;
mod scene;
