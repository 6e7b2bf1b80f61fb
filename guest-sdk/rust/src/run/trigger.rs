//! A polled trigger.

use std::marker::PhantomData;

use super::{parse_kept, schema};
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

fn parse_checkpoint<T: Trigger>(text: Option<&str>) -> Result<Option<T::Checkpoint>> {
    parse_kept("stored checkpoint", text)
}
