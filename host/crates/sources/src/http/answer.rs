//! One answer of the endpoint, read.
//!
//! Owns no state. Invariant: raw events come with a cursor that has moved, or they would be read again for ever.

use serde_json::Value;

use super::Settings;

/// A batch.
#[derive(Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) events: Vec<Value>,
    /// Where to go on from. None: from where this was.
    pub(super) cursor: Option<String>,
}

/// Reads a body that was asked for with `before`.
pub(super) fn read(body: &[u8], settings: &Settings, before: Option<&str>) -> Result<Answer, String> {
    let mut answer: Value =
        serde_json::from_slice(body).map_err(|error| format!("the answer is not JSON (line {})", error.line()))?;
    let cursor = match answer.pointer(&settings.cursor) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) if !number.is_f64() => Some(number.to_string()),
        Some(_) => return Err(format!("`{}` of the answer is neither a text nor an integer", settings.cursor)),
    };
    let Some(Value::Array(events)) = answer.pointer_mut(&settings.events).map(Value::take) else {
        return Err(format!("`{}` of the answer is not an array", settings.events));
    };
    if !events.is_empty() && (cursor.is_none() || cursor.as_deref() == before) {
        return Err(format!("the answer has raw events and no new cursor at `{}`", settings.cursor));
    }
    Ok(Answer { events, cursor })
}
