//! What the rooms of the host share: ids, the clock, events and HTTP shapes.
//!
//! Owns no behaviour beyond parsing and printing its own values. Nothing here knows Airflow's wire, wasm, SQL or a
//! socket, and nothing here may: the four crates in the middle of the house do not know each other, and this is all
//! they have in common.
#![forbid(unsafe_code)]

mod backoff;
mod clock;
mod connection;
mod digest;
mod event;
mod ids;
mod packed_task;
mod trigger;
mod used;

pub mod airflow;
pub mod hex;
pub mod http;
pub mod imports;
pub mod log;
pub mod spans;
pub mod step;

pub use backoff::Backoff;
pub use clock::{Clock, SystemClock, UnixMs, VirtualClock};
pub use connection::{Connection, ConnectionError, Connections};
pub use digest::{Digest, DigestError};
pub use event::{Event, EventKind, Xcom};
pub use ids::{ClassPath, ConnId, IdempotencyKey, JobId, TriggerId};
pub use packed_task::PackedTask;
pub use trigger::{Assets, TaskInstance, TriggerKind};
pub use used::Used;
