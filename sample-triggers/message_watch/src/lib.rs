//! Watches a shared stream of JSON messages, such as a Kafka topic or an SQS queue, for those that say what was waited
//! for.
//!
//! | kwarg | type | default | meaning |
//! | --- | --- | --- | --- |
//! | `source` | text | | name of the source in the operator's catalog |
//! | `parameters` | JSON | `{}` | what the source needs, such as `{"topic": "orders"}`; equal ones share a reader |
//! | `key` | JSON | the parameters | triggers with equal keys share a reader; the parameters of the first of them count |
//! | `fields` | object | none | JSON pointer to a value, or to a list of values of which one has to be there |
//! | `prefixes` | object of texts | none | JSON pointer to what the text there begins with |
//! | `required` | list of texts | none | JSON pointers where every message has something; one without is rejected |
//! | `payload` | text | the whole message | JSON pointer to what it fires with |
//!
//! Kafka and SQS give a message as `{"value": ..}` with its place or id beside it, and one whose body is not JSON as
//! `{"text": ".."}`: pointers begin with `/value`, and `"required": ["/value"]` rejects what is not JSON.
//!
//! A message that is not JSON, or lacks a required field, is rejected: the source puts it aside where it can. `fields`
//! and `prefixes` are also the trigger's match, unless there are required fields: the host then hands over only the
//! messages that fit.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use trigger_host_sdk::prelude::*;
use trigger_host_sdk::serde::de::IgnoredAny;
use trigger_host_sdk::serde_json::{Value, json};

/// Watches a shared stream of JSON messages for those that say what was waited for.
#[subscriber]
struct MessageWatch {
    /// Name of the source in the operator's catalog.
    source: String,
    /// What the source needs.
    #[serde(default = "nothing")]
    parameters: Value,
    /// Replaces the parameters: triggers with equal keys share a reader.
    #[serde(default)]
    key: Option<Value>,
    /// JSON pointer to a value, or to a list of values of which one has to be there.
    #[serde(default)]
    fields: BTreeMap<String, Value>,
    /// JSON pointer to what the text there begins with.
    #[serde(default)]
    prefixes: BTreeMap<String, String>,
    /// JSON pointers where every message has something.
    #[serde(default)]
    required: Vec<String>,
    /// JSON pointer to what it fires with.
    #[serde(default)]
    payload: String,
}

fn nothing() -> Value {
    json!({})
}

impl MessageWatch {
    /// Whether all fields are as they should be. Each is looked for by itself: most messages are decided by the first.
    fn is_wanted(&self, message: &Message<'_>) -> std::result::Result<bool, String> {
        for (pointer, wanted) in &self.fields {
            let found = message.field::<Value>(pointer)?;
            if !found.is_some_and(|found| values(wanted).iter().any(|value| is_equal(value, &found))) {
                return Ok(false);
            }
        }
        for (pointer, prefix) in &self.prefixes {
            let found = message.field::<Value>(pointer)?;
            if !found.as_ref().and_then(Value::as_str).is_some_and(|text| text.starts_with(prefix)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Why the message is malformed, if it is.
    fn refusal(&self, message: &Message<'_>) -> std::result::Result<Option<String>, String> {
        for pointer in &self.required {
            if message.field::<IgnoredAny>(pointer)?.is_none() {
                return Ok(Some(format!("the message has nothing at `{pointer}`")));
            }
        }
        Ok(None)
    }

    fn verdict(&self, message: &Message<'_>) -> std::result::Result<Verdict, String> {
        if let Some(refusal) = self.refusal(message)? {
            return Ok(Verdict::reject(refusal));
        }
        if !self.is_wanted(message)? {
            return Ok(Verdict::skip());
        }
        // A message of somebody else may look like the host's own tags: it is taken as it is.
        let payload = message.field(&self.payload)?.unwrap_or(Value::Null);
        Ok(Verdict::fire(trigger_host_sdk::to_neutral(payload)))
    }
}

/// A list of values, or the one.
fn values(wanted: &Value) -> &[Value] {
    match wanted {
        Value::Array(values) => values,
        value => std::slice::from_ref(value),
    }
}

/// As the host's match compares: 1 and 1.0 are equal.
fn is_equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        _ => one == other,
    }
}

impl Subscriber for MessageWatch {
    fn stream(&self) -> Result<Stream> {
        let mut stream = Stream::new(&self.source, self.parameters.clone());
        if let Some(key) = &self.key {
            stream = stream.key(key.clone());
        }
        // A message that the host skips is never looked at, so it cannot be rejected either.
        if !self.required.is_empty() {
            return Ok(stream);
        }
        for (pointer, wanted) in &self.fields {
            stream = stream.wanted(Condition::one_of(pointer, values(wanted)));
        }
        for (pointer, prefix) in &self.prefixes {
            stream = stream.wanted(Condition::prefix(pointer, prefix));
        }
        Ok(stream)
    }

    fn evaluate(&self, _: &Context, message: &Message<'_>) -> Result<Verdict> {
        Ok(self.verdict(message).unwrap_or_else(|why| Verdict::reject(format!("the message is not JSON: {why}"))))
    }
}
