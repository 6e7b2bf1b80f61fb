//! Sources of shared streams that are native to the host: what takes a live handle or a socket, so that no guest can be
//! it.
//!
//! Owns the table of their kinds ([`Kind`]) and one folder per kind. A guest names a source and gives parameters; what
//! it may choose, and everything else, is in the operator's [`Settings`]. Knows the seam of `streams` and nothing of
//! wasm or Airflow. Invariants: a credential comes from a [`Connections`](trigger_host_types::Connections) of the
//! caller and goes to the upstream alone; a position at the broker never moves past a raw event that is not settled.
#![forbid(unsafe_code)]

pub mod directory;
mod errors;
pub mod http;
pub mod kafka;
mod kind;
#[cfg(any(feature = "kafka", feature = "http"))]
mod ledger;
mod source;

pub use errors::SourceRefused;
pub use kind::{Keys, Kind, Settings};
pub use source::{Access, Exchange, Reach, Source, Wanted};
