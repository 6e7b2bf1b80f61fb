//! A subscriber that looks at one number of each message, and fires with it: for benchmarks of streams.

use trigger_host_sdk::prelude::*;
use trigger_host_sdk::serde_json::json;

/// Watches for messages of a kind.
#[subscriber]
pub struct OneField {
    /// The kind; every message without one.
    kind: Option<u64>,
    /// Whether the host is told, so that it finds the messages.
    #[serde(default)]
    is_matched: bool,
}

impl Subscriber for OneField {
    fn stream(&self) -> Result<Stream> {
        let stream = Stream::new("benchmark", json!({}));
        Ok(match self.kind.filter(|_| self.is_matched) {
            Some(kind) => stream.wanted(Condition::equals("/kind", kind)),
            None => stream,
        })
    }

    fn evaluate(&self, _: &Context, message: &Message<'_>) -> Result<Verdict> {
        Ok(match message.field::<u64>("/kind") {
            Ok(Some(kind)) if self.kind.is_none_or(|wanted| wanted == kind) => Verdict::fire(kind),
            Ok(Some(_)) => Verdict::skip(),
            Ok(None) => Verdict::reject("the message has no kind"),
            Err(why) => Verdict::reject(why),
        })
    }
}
