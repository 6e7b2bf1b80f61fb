//! The host as its users see it: the built binary, real sockets, real components. Everything is in `tests/it`.
//!
//! Every trigger's API and job service are reached through a tap that records each request and can kill the host in the
//! middle of one, so that a host dies at a request and not at a time. Two variables make the suite longer:
//!
//! | variable | default | what |
//! | --- | --- | --- |
//! | `BEHAVIOUR_KILL_POINTS` | 10 | requests in the middle of which a host is killed |
//! | `BEHAVIOUR_SEED` | 1 | what they are drawn from |
//!
//! What takes a minute of real time, or says something of an optimised build only, is ignored by default: `cargo test
//! --release -p behaviour
//! -- --ignored --test-threads 1`.
#![forbid(unsafe_code)]
