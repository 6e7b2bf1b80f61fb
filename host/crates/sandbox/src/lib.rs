//! Runs one call into one WebAssembly guest, under limits. Knows no Airflow.
//!
//! The way through the rooms: a [`Sandbox`] is an engine, a pool of slots and a runtime of its own for guests; `load` checks, compiles
//! and links a [`Component`]; each call of one makes a fresh instance, and comes back as an [`Ended`], whatever the guest did.
//!
//! Invariants: an instance lives for one call and is never reused; every import is granted, budgeted and capped; native code is only ever
//! what this host compiled itself; a guest's fault is a value ([`EndReason`]), never a panic of the host.
#![deny(unsafe_code)]

mod answer;
mod bindings;
mod cache;
mod call;
mod compile;
mod component;
mod config;
mod engine;
mod filter;
mod imports;
mod lane;
mod limiter;
mod load;
mod log;
mod meter;
mod native;
mod producer;
mod room;
mod run;
mod runtime;
mod sandbox;
mod state;
mod ticker;
mod trap;

mod telemetry;

pub use call::{
    Advanced, Call, Context, Demand, Description, EndReason, Ended, GuestError, HostCalls, Limits, Message, Next,
    Outcome, ReadBatch, Settled, Stream, Test, Upstream, Used, Verdict, Wanted,
};
pub use compile::compile_child;
pub use component::Component;
pub use config::{Compiler, Config, StartError};
pub use filter::Filter;
pub use load::{Allowed, Inspection, Interface, LoadError, World, inspect};
pub use sandbox::Sandbox;
