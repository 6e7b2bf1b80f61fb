//! Watches a shared stream of JSON messages, such as a Kafka topic or an SQS queue, for those that say what was waited for.
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
//! Kafka and SQS give a message as `{"value": ..}` with its place or id beside it, and one whose body is not JSON as `{"text": ".."}`: pointers begin with
//! `/value`, and `"required": ["/value"]` rejects what is not JSON.
//!
//! A message that is not JSON, or lacks a required field, is rejected: the source puts it aside where it can. `fields` and `prefixes` are also the
//! trigger's match, unless there are required fields: the host then hands over only the messages that fit.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use trigger_host_sdk::prelude::*;
use trigger_host_sdk::serde_json::{Value, json};

/// Watches a shared stream of JSON messages for those that say what was waited for.
#[subscriber]
struct MessageWatch {
    /// Name of the source in the operator's catalog.
    source: String,
    /// What the source needs.
    #[serde(default = "nothing")]
    parameters: Value,
    /// In the place of the parameters: triggers with equal keys share a reader.
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
    fn is_wanted(&self, message: &Value) -> bool {
        let one_of = |(pointer, wanted): (&String, &Value)| {
            let Some(found) = message.pointer(pointer) else { return false };
            values(wanted).iter().any(|value| is_equal(value, found))
        };
        let begins = |(pointer, prefix): (&String, &String)| {
            let text = message.pointer(pointer).and_then(Value::as_str);
            text.is_some_and(|text| text.starts_with(prefix))
        };
        self.fields.iter().all(one_of) && self.prefixes.iter().all(begins)
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
        let message: Value = match message.json() {
            Ok(message) => message,
            Err(why) => return Ok(Verdict::reject(format!("the message is not JSON: {why}"))),
        };
        if let Some(missing) = self.required.iter().find(|pointer| message.pointer(pointer).is_none()) {
            return Ok(Verdict::reject(format!("the message has nothing at `{missing}`")));
        }
        if !self.is_wanted(&message) {
            return Ok(Verdict::skip());
        }
        // A message of somebody else may look like the host's own tags: it is taken as it is.
        let payload = message.pointer(&self.payload).cloned().unwrap_or(Value::Null);
        Ok(Verdict::fire(trigger_host_sdk::literal(payload)))
    }
}
