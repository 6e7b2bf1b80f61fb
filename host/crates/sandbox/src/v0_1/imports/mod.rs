//! What guests of this version import: a file for each interface, from WIT to the neutral request and back.

mod asset_state;
mod connections;
mod dag_runs;
mod http;
mod logging;
mod task_instances;
mod variables;
mod xcoms;

use trigger_host_types::airflow::Error;
use trigger_host_types::imports::Interface;
use wasmtime::component::{HasSelf, Linker};

use crate::state::State;
use crate::v0_1::bindings::trigger_host::host;
use crate::v0_1::bindings::trigger_host::host::runtime as wit;

/// What a function that asks Airflow gives.
type Given<T> = wasmtime::Result<Result<T, wit::Error>>;

/// Links all of them.
pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    Interface::ALL.into_iter().try_for_each(|interface| link_one(interface, linker))
}

fn link_one(interface: Interface, linker: &mut Linker<State>) -> wasmtime::Result<()> {
    match interface {
        Interface::Logging => host::logging::add_to_linker::<State, HasSelf<State>>(linker, |state| state),
        Interface::Http => host::http::add_to_linker::<State, HasSelf<State>>(linker, |state| state),
        Interface::Variables => host::variables::add_to_linker::<State, HasSelf<State>>(linker, |state| state),
        Interface::Xcoms => host::xcoms::add_to_linker::<State, HasSelf<State>>(linker, |state| state),
        Interface::AssetState => host::asset_state::add_to_linker::<State, HasSelf<State>>(linker, |state| state),
        Interface::TaskInstances => host::task_instances::add_to_linker::<State, HasSelf<State>>(linker, |state| state),
        Interface::DagRuns => host::dag_runs::add_to_linker::<State, HasSelf<State>>(linker, |state| state),
        Interface::Connections => host::connections::add_to_linker::<State, HasSelf<State>>(linker, |state| state),
    }
}

// Types only.
impl wit::Host for State {}

/// The answer to a guest's question.
fn to_guest<T>(answer: wasmtime::Result<Result<T, Error>>) -> Given<T> {
    Ok(answer?.map_err(|error| match error {
        Error::NotGranted(text) => wit::Error::NotGranted(text),
        Error::NotFound(text) => wit::Error::NotFound(text),
        Error::Invalid(text) => wit::Error::Invalid(text),
        Error::Budget(text) => wit::Error::Budget(text),
        Error::TooLarge(limit) => wit::Error::TooLarge(limit),
        Error::Deadline(limit) => wit::Error::Deadline(u32::try_from(limit.as_millis()).unwrap_or(u32::MAX)),
        Error::Unreachable(text) => wit::Error::Unreachable(text),
        Error::Other(text) => wit::Error::Other(text),
    }))
}
