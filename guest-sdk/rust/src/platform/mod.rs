//! Where requests and log lines go: to the host in a component, to the fake host in a native test.

#[cfg(not(target_arch = "wasm32"))]
mod native;
#[cfg(not(target_arch = "wasm32"))]
mod native_airflow;
#[cfg(target_arch = "wasm32")]
mod wasm;

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use native::{World, log, send, send_all, with_world};
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use native_airflow::{asset_state, connections, dag_runs, task_instances, variables, xcoms};
#[cfg(target_arch = "wasm32")]
pub(crate) use wasm::{log, send, send_all};

// Function by function, so that a component imports what it uses and nothing else.
#[cfg(target_arch = "wasm32")]
pub(crate) use crate::bindings::trigger_host::host::{
    asset_state, connections, dag_runs, task_instances, variables, xcoms,
};
