//! Where requests and log lines go: to the host in a component, to the fake host in a native test.

#[cfg(not(target_arch = "wasm32"))]
mod native;
#[cfg(target_arch = "wasm32")]
mod wasm;

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use native::{World, log, send, send_all, with_world};
#[cfg(target_arch = "wasm32")]
pub(crate) use wasm::{log, send, send_all};
