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
mod imports;
mod lane;
mod limiter;
mod load;
mod log;
mod meter;
mod native;
mod run;
mod runtime;
mod sandbox;
mod state;
mod ticker;
mod trap;

pub mod telemetry;

pub use call::{Call, Context, Description, EndReason, Ended, GuestError, HostCalls, Limits, Next, Outcome, Used};
pub use compile::compile_child;
pub use component::Component;
pub use config::{Compiler, Config, StartError};
pub use load::{Allowed, Inspection, Interface, LoadError, World, inspect};
pub use sandbox::Sandbox;
