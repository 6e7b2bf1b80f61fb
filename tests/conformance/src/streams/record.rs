//! What happened during one step, in the shape of the scenario files.
//!
//! Owns the parts that are compared and the one order they are put into.

use serde_json::{Value, json};

/// The parts of an expected step that are compared; absent means empty.
pub(crate) const PARTS: &[&str] =
    &["delivered", "failures", "bound", "advances", "closed", "errors", "pending_ops", "live"];

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) delivered: Vec<Value>,
    pub(crate) failures: Vec<Value>,
    pub(crate) bound: Vec<Value>,
    pub(crate) advances: Vec<Value>,
    pub(crate) closed: Vec<Value>,
    pub(crate) errors: Vec<Value>,
}

impl Record {
    /// As the files write it.
    pub(crate) fn finish(self, pending_ops: &[String], live: &[String]) -> Value {
        json!({
            "delivered": self.delivered,
            "failures": self.failures,
            "bound": self.bound,
            "advances": self.advances,
            "closed": self.closed,
            "errors": self.errors,
            "pending_ops": pending_ops,
            "live": live,
        })
    }
}

/// One order for what is free: subscribers, lanes and streams in order, each one's own sequence kept.
pub(crate) fn normalise(part: &str, value: &Value) -> Vec<Value> {
    let mut list = value.as_array().cloned().unwrap_or_default();
    match part {
        "delivered" | "failures" => list.sort_by_key(|pair| pair[0].to_string()),
        "advances" => list.sort_by_key(|advance| format!("{} {}", advance["stream"], advance["lane"])),
        "closed" | "pending_ops" | "live" => list.sort_by_key(ToString::to_string),
        // A refused subscription is compared by its kind.
        "errors" => list = list.iter().map(kind).collect(),
        _ => {}
    }
    list
}

fn kind(error: &Value) -> Value {
    let text = error.to_string();
    let named = ["ValueError", "RuntimeError"].into_iter().find(|name| text.contains(name));
    named.map_or_else(|| error.clone(), Value::from)
}
