//! A guest that does whatever a guest should not, and the few honest things the tests of a host need beside it.
//!
//! The kwargs `{"do": "..."}` choose; every choice is one function in [`honest`], [`greedy`] or [`nosy`]. Raw bindings,
//! no SDK: what is tested is the host.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a bad guest on purpose; what the host must not do it does"
)]

mod bindings;
mod greedy;
mod honest;
mod nosy;

use bindings::exports::trigger_host::trigger::{manifest, poller};
use bindings::trigger_host::trigger::types::{Context, Error, Event, EventKind, Next, Outcome};
use serde_json::Value;

struct Hostile;

impl poller::Guest for Hostile {
    fn poll(context: Context, kwargs: String, checkpoint: Option<String>) -> Result<Outcome, Error> {
        let kwargs: Value =
            serde_json::from_str(&kwargs).map_err(|error| Error::InvalidKwargs(format!("not JSON: {error}")))?;
        let choice = kwargs["do"].as_str().ok_or_else(|| Error::InvalidKwargs("`do` is missing".to_owned()))?;
        None.or_else(|| honest::choose(choice, &context, &kwargs, checkpoint.as_deref()))
            .or_else(|| greedy::choose(choice, &kwargs))
            .or_else(|| nosy::choose(choice, &kwargs))
            .unwrap_or_else(|| Err(Error::InvalidKwargs(format!("`do` is `{choice}`, which is nothing I can do"))))
    }

    fn on_kill(context: Context, kwargs: String, checkpoint: Option<String>) -> Result<(), Error> {
        Self::poll(context, kwargs, checkpoint).map(drop)
    }
}

impl manifest::Guest for Hostile {
    fn describe() -> manifest::Description {
        manifest::Description {
            summary: "Does whatever a guest should not.".to_owned(),
            kwargs_schema: r#"{"type":"object","required":["do"]}"#.to_owned(),
        }
    }
}

/// An outcome with one event.
fn fire(payload: String) -> Result<Outcome, Error> {
    Ok(Outcome { events: vec![event(payload)], checkpoint: None, next: Next::Finished })
}

fn event(payload: String) -> Event {
    Event { payload, kind: EventKind::Fire }
}

#[allow(unsafe_code, reason = "generated")]
mod export {
    use super::{Hostile, bindings};
    bindings::export!(Hostile with_types_in bindings);
}
