//! A batch of raw events, and the place of each of them.
//!
//! Owns how an answer of the endpoint is read and the form of a payload. Invariants: raw events come with a cursor that
//! has moved, or they would be read again for ever; a payload names the same raw event whenever it is read.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::settings::Settings;

/// A batch.
#[derive(Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) events: Vec<Value>,
    /// Where to go on from. None: from where this was.
    pub(super) cursor: Option<String>,
}

/// Reads a body that was asked for with `before`.
pub(super) fn read_answer(body: &[u8], settings: &Settings, before: Option<&str>) -> Result<Answer, String> {
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

/// Where a raw event is: a cursor, and how far into the batch behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// The cursor its batch was got with.
    pub(super) from: Option<String>,
    /// Which of the batch, from 0.
    pub(super) at: usize,
    /// How many the batch has.
    pub(super) of: usize,
    /// The cursor behind its batch.
    pub(super) next: Option<String>,
}

impl Place {
    pub(super) fn payload(&self) -> Bytes {
        serde_json::to_vec(self).unwrap_or_default().into()
    }

    pub(super) fn read(payload: &[u8]) -> Option<Self> {
        serde_json::from_slice(payload).ok()
    }

    /// The cursor up to which all is settled when this one is, too.
    pub(super) fn settled(&self) -> Option<&str> {
        if self.at + 1 >= self.of { self.next.as_deref() } else { self.from.as_deref() }
    }
}
