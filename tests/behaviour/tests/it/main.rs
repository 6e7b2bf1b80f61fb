//! What a host must do whatever happens to it, its API and its guests. See the package's own page.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod asks;
mod asks_load;
mod catalog;
mod claims;
mod hostile;
mod kill;
mod lending;
mod logs;
mod order;
mod outage;
mod run;
mod sources;
mod streams;
mod tap;
mod world;
