//! The broker against real sockets on 127.0.0.1.
#![expect(clippy::unwrap_used, reason = "tests")]

mod credentials;
mod limits;
mod reach;
mod server;
mod shape;
