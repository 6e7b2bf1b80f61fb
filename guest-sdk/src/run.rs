//! From the text that crosses the boundary to an author's types and back: the same for a component and for the fake host.

use std::marker::PhantomData;

use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::bindings::exports::trigger_host::trigger::{manifest, poller};
use crate::bindings::trigger_host::trigger::types as wit;
use crate::{Error, Result, Trigger, kwargs};

/// The component of a trigger.
pub struct Exported<T>(PhantomData<T>);

impl<T: Trigger> poller::Guest for Exported<T> {
    fn poll(context: wit::Context, kwargs: String, checkpoint: Option<String>) -> Result<wit::Outcome, wit::Error> {
        poll::<T>(context, &kwargs, checkpoint.as_deref()).map_err(Error::into_wit)
    }

    fn on_kill(context: wit::Context, kwargs: String, checkpoint: Option<String>) -> Result<(), wit::Error> {
        on_kill::<T>(context, &kwargs, checkpoint.as_deref()).map_err(Error::into_wit)
    }
}

impl<T: Trigger> manifest::Guest for Exported<T> {
    fn describe() -> manifest::Description {
        manifest::Description { summary: T::SUMMARY.to_owned(), kwargs_schema: schema::<T>() }
    }
}

/// One poll, from text to what crosses.
pub(crate) fn poll<T: Trigger>(context: wit::Context, kwargs: &str, checkpoint: Option<&str>) -> Result<wit::Outcome> {
    let trigger: T = kwargs::parse(kwargs)?;
    trigger.check()?;
    trigger.poll(&context.into(), parse_checkpoint::<T>(checkpoint)?)?.into_wit()
}

/// One call of `on_kill`, from text.
pub(crate) fn on_kill<T: Trigger>(context: wit::Context, kwargs: &str, checkpoint: Option<&str>) -> Result<()> {
    let trigger: T = kwargs::parse(kwargs)?;
    trigger.on_kill(&context.into(), parse_checkpoint::<T>(checkpoint)?)
}

/// JSON Schema (2020-12) of the kwargs.
pub(crate) fn schema<T: Trigger>() -> String {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().as_value().to_string()
}

fn parse_checkpoint<T: Trigger>(text: Option<&str>) -> Result<Option<T::Checkpoint>> {
    // By way of a `Value`, as the kwargs: one parser in the component instead of one for each type.
    let parsed = text.map(|text| serde_json::from_str::<Value>(text).and_then(serde_json::from_value)).transpose();
    parsed.map_err(|error| {
        let expected = std::any::type_name::<T::Checkpoint>();
        Error::failed(format!("the stored checkpoint does not fit this version of the trigger: {error}"))
            .detail(format!("expected `{expected}`; give a field that is new `#[serde(default)]`"))
    })
}
