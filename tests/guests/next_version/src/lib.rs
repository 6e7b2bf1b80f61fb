//! A poller of version 0.2 of the interface, which was never published: for the test that two versions live side by
//! side.
//!
//! Its kwargs are one JSON text: `"trap"`, `"fail"`, or the URL of what it gets and fires.

mod bindings;

use bindings::exports::trigger_host::trigger::poller::{Context, Guest, Json, Outcome};
use bindings::trigger_host::host::{http, logging};
use bindings::trigger_host::trigger::types::{Event, Next};

struct NextVersion;

impl Guest for NextVersion {
    fn poll(context: Context, kwargs: Json, checkpoint: Option<Json>) -> Result<Outcome, String> {
        logging::log(&format!("polled with {kwargs}"));
        let url = match kwargs.trim_matches('"') {
            "trap" => core::unreachable!("as the kwargs say"),
            "fail" => return Err("the job\nfailed".to_owned()),
            url => url,
        };
        let body = match http::get(url) {
            Ok(body) => String::from_utf8_lossy(&body).into_owned(),
            Err(why) => format!("error: {why}"),
        };
        let Context { trigger_id, called_at } = context;
        let payload = format!(r#"{{"trigger_id":{trigger_id},"called_at":{called_at},"body":"{body}"}}"#);
        let next = if checkpoint.is_none() { Next::After(1_000) } else { Next::Finished };
        Ok(Outcome { events: vec![Event { payload }], checkpoint: Some("1".to_owned()), next })
    }

    fn on_kill(_: Context, _: Json, _: Option<Json>) -> Result<(), String> {
        Ok(())
    }
}

#[allow(unsafe_code, reason = "generated")]
mod export {
    use super::{NextVersion, bindings};
    bindings::export!(NextVersion with_types_in bindings);
}
