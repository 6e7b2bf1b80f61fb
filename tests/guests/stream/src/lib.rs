//! A subscriber that does what each message says: for tests of filters.

use std::cell::Cell;

use trigger_host_sdk::prelude::*;
use trigger_host_sdk::serde_json::{self, Value, json};

/// Does what each message says.
#[subscriber]
pub struct Stream {
    /// Of what it emits.
    #[serde(default)]
    name: String,
    /// Only messages with this at `/kind`.
    kind: Option<Value>,
    /// A pointer that is none.
    pointer: Option<String>,
    /// For the source, instead of a topic.
    parameters: Option<Value>,
}

thread_local! {
    static SEEN: Cell<u64> = const { Cell::new(0) };
}

impl Subscriber for Stream {
    fn stream(&self) -> Result<trigger_host_sdk::Stream> {
        let parameters = self.parameters.clone().unwrap_or_else(|| json!({"topic": "t"}));
        let mut stream = trigger_host_sdk::Stream::new("orders", parameters);
        if let Some(kind) = &self.kind {
            stream = stream.wanted(Condition::equals("/kind", kind));
        }
        if let Some(pointer) = &self.pointer {
            stream = stream.wanted(Condition::exists(pointer));
        }
        Ok(stream)
    }

    fn evaluate(&self, cx: &Context, message: &Message<'_>) -> Result<Verdict> {
        let seen = SEEN.get() + 1;
        SEEN.set(seen);
        // `{"do": "trap"}` says it as JSON, for sources that carry nothing else.
        let command: Option<Value> = serde_json::from_slice(message.bytes()).ok();
        let command = command.as_ref().and_then(|command| command["do"].as_str()).map(str::as_bytes);
        match command.unwrap_or(message.bytes()) {
            b"skip" => Ok(Verdict::skip()),
            b"emit" => Ok(Verdict::fire(json!({"name": self.name, "seen": seen}))),
            b"now" => Ok(Verdict::fire(cx.now)),
            b"reject" => Ok(Verdict::reject("malformed\u{1b}[31m")),
            b"fail" => Err(Error::failed("as told")),
            b"log" => {
                info!("a line");
                Ok(Verdict::skip())
            }
            b"many" => Ok(Verdict::emit((0..2_000).map(|_| Event::fire(1)))),
            b"large" => Ok(Verdict::fire("x".repeat(2 << 20))),
            #[allow(clippy::empty_loop, reason = "what a busy filter does")]
            b"loop" => loop {},
            b"trap" => core::unreachable!("as told"),
            other => match serde_json::from_slice::<Value>(other) {
                Ok(value) => Ok(Verdict::fire(value)),
                Err(why) => Ok(Verdict::reject(why.to_string())),
            },
        }
    }
}
