//! Runs one call into one WebAssembly guest, under limits. Knows no Airflow.
//!
//! The way through the rooms: a [`Sandbox`] is an engine, a pool of slots and a separate runtime for guests; `load`
//! checks, compiles and links a [`Component`]; each call of one makes a fresh instance, and comes back as an [`Ended`],
//! whatever the guest did. What a guest of one version of the interface takes and gives is converted in that version's
//! room (`v0_1`); all else here is the same for every [`version`].
//!
//! Invariants: an instance lives for one call and is never reused; every import is granted, budgeted and capped; native
//! code is only ever what this host compiled itself; a guest's fault is a value ([`EndReason`]), never a panic of the
//! host.
#![deny(unsafe_code)]

mod answer;
mod cache;
mod call;
mod compile;
mod component;
mod config;
mod engine;
mod heavy_lane;
mod imports;
mod limiter;
mod load;
mod log;
mod meter;
mod native;
mod room;
mod run;
mod runtime;
mod sandbox;
mod shared;
mod state;
mod telemetry;
mod ticker;
mod trap;
mod v0_1;
mod versions;

pub mod version;

pub use call::{
    Advanced, Call, Context, Demand, Description, EndReason, Ended, GuestError, HostCalls, Limits, Message, Next,
    Outcome, ReadBatch, Settled, Stream, Test, Upstream, Used, Verdict, Wanted,
};
pub use compile::compile_child;
pub use component::{Component, Filter, Poller, Producer, Subscriber};
pub use config::{Compiler, Config, StartError};
pub use load::{Inspection, LoadError, WantedImport, inspect};
pub use sandbox::Sandbox;
pub use trigger_host_types::imports::{Allowed, Interface};
pub use version::{Kind, World};
pub use versions::Versions;

#[cfg(test)]
mod texts;
