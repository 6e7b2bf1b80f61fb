//! Airflow's Execution API as a triggerer speaks it: wire types, client, tokens, retry classes.
//!
//! Owns everything that knows the routes and shapes of the API; values inside them are for `encodings`. The rest of the
//! host sees ids, neutral JSON and error classes. Knows no wasm. A [`Client`] makes one attempt per call, with a
//! deadline; [`retry`] says what a failed attempt means, and the supervisor acts on it. The wire shapes live in
//! [`wire`] behind one [`Dialect`] switch, since the API is not yet merged upstream.
#![forbid(unsafe_code)]

mod client;
mod config;
mod error;
mod signer;
mod token;

pub mod retry;
pub mod wire;

pub use client::{AirflowAccess, Client};
pub use config::{ClientConfig, ConfigError, Dialect, TokenSource};
pub use error::{ApiError, Fault};
pub use wire::{
    AssetRef, DagRunQuery, Extensions, LoadRequest, Registered, RunTrigger, StoredCheckpoint, TaskQuery, TaskStates,
    VariableKeys, WireConnection, WirePreviousTask, WireTaskInstance, XcomPlace,
};
