//! Claims, schedules, fires, retries, heartbeats and drains triggers: composes the API client, the sandbox and the broker.
//!
//! Owns the life of every trigger this host holds. The decisions are in [`scheduler`] (pure); the actor in [`supervisor`] carries them out.
#![forbid(unsafe_code)]

mod fair;
mod key;
mod observer;
mod on_kill;
mod scheduler;
mod settings;
mod wheel;

pub use observer::{Finish, Life, Observer, What};
pub use settings::{Drain, Settings};
