//! The Execution API over SQLite, for development, CI and tests: a small Airflow without a scheduler's ambitions.
//!
//! Below `/execution/` it answers as docs/design/execution-api.md says (`docs/embedded-api.md` lists what); below
//! `/dev/` is what only development has. Owns the rows, the rules of assignment and the scheduler's part that a host
//! can notice. Knows no wasm and no host: several may use one server at a time.
//!
//! Invariants: a 2xx is sent only after the commit that holds its effect; a task trigger has at most one live holder;
//! no secret is printed.
#![forbid(unsafe_code)]

mod api;
mod config;
mod defer;
mod dev;
mod error;
mod faults;
mod listener;
mod server;
mod store;
mod time;
mod web_page;

pub use config::{Auth, Config, Database, Secret, SteadyClock};
pub use defer::{Defer, Task, Timeout};
pub use error::{DeferError, OpenError, StoreError};
pub use faults::{Endpoint, Fault, Faults, Rule, Standing, When};
pub use server::EmbeddedApi;
