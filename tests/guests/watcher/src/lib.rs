//! Watches numbered messages for those addressed to it, and misbehaves at numbers it is told: for tests of one stream
//! with many subscribers.

use trigger_host_sdk::prelude::*;
use trigger_host_sdk::serde::Deserialize;
use trigger_host_sdk::serde_json::Value;

/// Watches numbered messages for those addressed to it.
#[subscriber]
pub struct Watcher {
    /// Name of the source.
    source: String,
    /// What the source needs.
    #[serde(default)]
    parameters: Option<Value>,
    /// Whose messages it fires for.
    to: u64,
    /// Whether it is handed every message. Otherwise only its own.
    #[serde(default)]
    sees_all: bool,
    /// Whether it rejects what is not numbered; only one that is handed every message sees such a thing.
    #[serde(default)]
    rejects: bool,
    /// Numbers of its own at which it traps.
    #[serde(default)]
    traps_at: Vec<u64>,
    /// Numbers of its own over which it thinks for ever.
    #[serde(default)]
    hangs_at: Vec<u64>,
}

#[derive(Deserialize)]
#[serde(crate = "trigger_host_sdk::serde")]
struct Raw {
    value: Option<Numbered>,
}

#[derive(Deserialize)]
#[serde(crate = "trigger_host_sdk::serde")]
struct Numbered {
    number: u64,
    to: u64,
}

impl Subscriber for Watcher {
    fn stream(&self) -> Result<Stream> {
        let stream =
            Stream::new(&self.source, self.parameters.clone().unwrap_or_else(|| Value::Object(Default::default())));
        Ok(if self.sees_all { stream } else { stream.wanted(Condition::equals("/value/to", self.to)) })
    }

    fn evaluate(&self, _: &Context, message: &Message<'_>) -> Result<Verdict> {
        let raw: Raw = message.json().map_err(Error::failed)?;
        let Some(Numbered { number, to }) = raw.value else {
            return Ok(if self.rejects { Verdict::reject("the message has no number") } else { Verdict::skip() });
        };
        if to != self.to {
            return Ok(Verdict::skip());
        }
        if self.traps_at.contains(&number) {
            core::unreachable!("as told");
        }
        #[allow(clippy::empty_loop, reason = "what a busy filter does")]
        while self.hangs_at.contains(&number) {
            core::hint::spin_loop();
        }
        Ok(Verdict::fire(number))
    }
}
