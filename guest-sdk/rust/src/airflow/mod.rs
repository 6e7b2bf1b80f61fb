//! What a trigger may ask of Airflow, each with a grant of its own: one module for each interface of the host.
//!
//! What does not exist is `None` where that is an everyday answer; everything else is an [`Error`], which `?` turns
//! into the failure of the trigger.

pub mod asset_state;
pub mod connections;
pub mod dag_runs;
mod error;
pub mod task_instances;
pub mod variables;
pub mod xcoms;

pub use error::Error;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::bindings::trigger_host::host::runtime as wit;
use crate::neutral::simplify;

/// `None` for what does not exist.
fn found<T>(answer: Result<T, wit::Error>) -> Result<Option<T>, Error> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(wit::Error::NotFound(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Neutral JSON as `T`, simplified as kwargs are.
fn read<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, Error> {
    let parsed = serde_json::from_str::<Value>(text).map(simplify).and_then(serde_json::from_value);
    parsed.map_err(|error| Error::Other(format!("the {what} has another shape: {error}")))
}

fn write(what: &str, value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::Invalid(format!("the {what} is not JSON: {error}")))
}
