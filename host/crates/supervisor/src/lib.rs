//! Claims, schedules, fires, retries, heartbeats and drains triggers: composes the API client, the sandbox and the broker.
//!
//! Owns the life of every trigger this host holds. The decisions are in `scheduler` (pure, as are `wheel`, `fair`, `beats` and `on_kill`); the
//! `actor` carries them out; the `heart` beats on a thread of its own.
#![forbid(unsafe_code)]

mod actor;
mod beats;
mod catalog;
mod deliver;
mod encoding;
mod fair;
mod health;
mod heart;
mod host_calls;
mod key;
mod observer;
mod on_kill;
mod scheduler;
mod settings;
mod streams;
mod summary;
mod supervisor;
mod time;
mod wheel;
mod workload;

pub use catalog::{Catalog, Class};
pub use health::Health;
pub use observer::{Finish, Life, Observer, Stop, Subject, What};
pub use settings::{Drain, Settings, Unmapped};
pub use streams::{GuestParts, GuestUpstream, NoUpstreams, Upstream, UpstreamRefused, Upstreams, WantedUpstream};
pub use summary::Summary;
pub use supervisor::{EndError, Parts, StartError, Supervisor};
pub use time::Time;
