//! Claims, schedules, fires, retries, heartbeats and drains triggers: composes the API client, the sandbox and the
//! broker.
//!
//! Owns the life of every trigger this host holds. The decisions are made in the package `scheduler`, which is pure;
//! the `actor` carries them out, and the `heart` beats on a thread of its own.
#![forbid(unsafe_code)]

mod actor;
mod carried;
mod catalog;
mod deliver;
mod encoding;
mod health;
mod heart;
mod host_calls;
mod observer;
mod parts;
mod settings;
mod streams;
mod summary;
mod supervisor;
mod time;
mod workload;

pub use catalog::{Catalog, Class};
pub use health::Health;
pub use observer::Observer;
pub use parts::Parts;
pub use scheduler::Unmapped;
pub use settings::{Drain, Settings};
pub use streams::{GuestParts, GuestUpstream, NoUpstreams, Upstream, UpstreamRefused, Upstreams, WantedUpstream};
pub use summary::Summary;
pub use supervisor::{EndError, StartError, Supervisor};
pub use time::Time;

#[cfg(test)]
mod texts;
