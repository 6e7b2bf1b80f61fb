//! From the text that crosses the boundary to an author's types and back: the same for a component and for the fake
//! hosts.

mod producer;
mod subscriber;
mod trigger;

use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use producer::ExportedProducer;
pub use subscriber::ExportedSubscriber;
pub use trigger::Exported;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use {
    producer::{advance, extend, read},
    trigger::{on_kill, poll},
};

use crate::{Error, Kwargs, Result};

/// JSON Schema (2020-12) of the kwargs.
pub(crate) fn schema<T: Kwargs>() -> String {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().as_value().to_string()
}

/// What the last call kept. `what` it is, for the error.
fn parse_kept<T: DeserializeOwned>(what: &str, text: Option<&str>) -> Result<Option<T>> {
    // By way of a `Value`, as the kwargs: one parser in the component instead of one for each type.
    let parsed = text.map(|text| serde_json::from_str::<Value>(text).and_then(serde_json::from_value)).transpose();
    parsed.map_err(|error| {
        let expected = std::any::type_name::<T>();
        Error::failed(format!("the {what} does not fit this version of the trigger: {error}"))
            .detail(format!("expected `{expected}`; give a field that is new `#[serde(default)]`"))
    })
}
