//! Request bodies and path ids, checked as pydantic checks them: every fault is listed, unknown fields are refused.
//!
//! Take each field with its reader, then call [`Body::finish`] before using any: a reader that met a fault gave a
//! stand-in.

use std::collections::BTreeSet;

use encodings::json::{Outline, Parts};
use serde_json::{Value, json};

use super::json::{self, complaint};
use super::problem::{Problem, fault};

/// An object with the fields that were not yet taken.
pub(super) struct Body<'a> {
    /// Where it is, for faults: `body`, or deeper.
    place: Vec<String>,
    whole: &'a str,
    members: json::Members<'a>,
    known: BTreeSet<&'static str>,
    faults: Vec<Value>,
}

/// The text of a body that may be any JSON.
pub(super) fn any(bytes: &[u8]) -> Result<Outline<'_>, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|_| Problem::Unparsable)?;
    if text.trim().is_empty() {
        return Err(Problem::invalid("missing", &["body"], "Field required", Value::Null));
    }
    json::read(text).map_err(|error| match complaint(text, error) {
        None => Problem::Unparsable,
        Some((at, words)) => Problem::Invalid(vec![json!({
            "type": "json_invalid", "loc": ["body", at], "msg": "JSON decode error", "input": {}, "ctx": {"error": words},
        })]),
    })
}

/// An id in a path.
pub(super) fn path_integer(name: &str, text: &str) -> Result<i64, Problem> {
    let digits = text.trim().trim_start_matches(['+', '-']);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let msg = "Input should be a valid integer, unable to parse string as an integer";
        return Err(Problem::invalid("int_parsing", &["path", name], msg, text.into()));
    }
    // An integer to the parser, but none the database has room for.
    text.trim().parse().map_err(|_| Problem::Database)
}

impl<'a> Body<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Problem> {
        Self::at(any(bytes)?, vec!["body".to_owned()])
    }

    /// An object inside of a body; `text` was checked with the whole.
    pub(super) fn inner(text: &'a str, place: Vec<String>) -> Result<Self, Problem> {
        Self::at(json::read(text).map_err(|_| Problem::Unparsable)?, place)
    }

    fn at(json: Outline<'a>, place: Vec<String>) -> Result<Self, Problem> {
        let Parts::Members(members) = json.parts else {
            let place: Vec<&str> = place.iter().map(String::as_str).collect();
            let msg = "Input should be a valid dictionary or object to extract fields from";
            return Err(Problem::invalid("model_attributes_type", &place, msg, show(json.text)));
        };
        Ok(Self { place, whole: json.text, members, known: BTreeSet::new(), faults: Vec::new() })
    }

    /// The text of any JSON value; `None` when absent. Of two members of one name the last counts, as in Python.
    pub(super) fn raw(&mut self, name: &'static str) -> Option<&'a str> {
        self.known.insert(name);
        self.members.iter().rev().find(|(key, _)| key == name).map(|(_, text)| *text)
    }

    /// A text that must be there.
    pub(super) fn text(&mut self, name: &'static str) -> String {
        self.required(name).and_then(|value| self.as_text(&[name], value)).unwrap_or_default()
    }

    /// A text or null; absent is null.
    pub(super) fn optional_text(&mut self, name: &'static str) -> Option<String> {
        let value = self.optional(name)?;
        self.as_text(&[name], value)
    }

    /// A list of texts or null; absent is null.
    pub(super) fn optional_texts(&mut self, name: &'static str) -> Option<Vec<String>> {
        let value = self.optional(name)?;
        let items = self.as_list(name, value)?;
        let item = |(at, item): (usize, Value)| self.as_text(&[name, &at.to_string()], item);
        Some(items.into_iter().enumerate().filter_map(item).collect())
    }

    /// An integer that must be there.
    pub(super) fn integer(&mut self, name: &'static str) -> i64 {
        self.required(name).and_then(|value| self.as_integer(&[name], value)).unwrap_or_default()
    }

    /// A list of integers that must be there.
    pub(super) fn integers(&mut self, name: &'static str) -> Vec<i64> {
        let Some(items) = self.required(name).and_then(|value| self.as_list(name, value)) else { return Vec::new() };
        let item = |(at, item): (usize, Value)| self.as_integer(&[name, &at.to_string()], item);
        items.into_iter().enumerate().filter_map(item).collect()
    }

    /// A number that must be there.
    pub(super) fn float(&mut self, name: &'static str) -> f64 {
        let Some(value) = self.required(name) else { return 0.0 };
        let number = value.as_f64().or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()));
        number.unwrap_or_else(|| {
            let (kind, msg) = match value.is_string() {
                true => ("float_parsing", "Input should be a valid number, unable to parse string as a number"),
                false => ("float_type", "Input should be a valid number"),
            };
            self.add_fault(kind, &[name], msg, value);
            0.0
        })
    }

    /// An object of any values, as texts; absent or null is empty.
    pub(super) fn object(&mut self, name: &'static str) -> Vec<(String, String)> {
        let Some(text) = self.raw(name).filter(|text| *text != "null") else { return Vec::new() };
        match json::read(text) {
            Ok(Outline { parts: Parts::Members(members), .. }) => {
                members.into_iter().map(|(key, value)| (key, value.to_owned())).collect()
            }
            _ => {
                self.add_fault("dict_type", &[name], "Input should be a valid dictionary", show(text));
                Vec::new()
            }
        }
    }

    /// Adds a fault of the caller's own finding.
    pub(super) fn add_fault(&mut self, kind: &str, loc: &[&str], msg: &str, input: Value) {
        let loc: Vec<&str> = self.place.iter().map(String::as_str).chain(loc.iter().copied()).collect();
        self.faults.push(fault(kind, &loc, msg, input));
    }

    /// The faults of the fields, then the unknown fields.
    pub(super) fn finish(self) -> Result<(), Problem> {
        let Self { place, members, known, mut faults, .. } = self;
        for (key, text) in members.iter().filter(|(key, _)| !known.contains(key.as_str())) {
            let loc: Vec<&str> = place.iter().map(String::as_str).chain([key.as_str()]).collect();
            faults.push(fault("extra_forbidden", &loc, "Extra inputs are not permitted", show(text)));
        }
        if faults.is_empty() { Ok(()) } else { Err(Problem::Invalid(faults)) }
    }

    fn required(&mut self, name: &'static str) -> Option<Value> {
        let text = self.raw(name);
        if text.is_none() {
            self.add_fault("missing", &[name], "Field required", show(self.whole));
        }
        text.map(show)
    }

    fn optional(&mut self, name: &'static str) -> Option<Value> {
        self.raw(name).filter(|text| *text != "null").map(show)
    }

    fn as_text(&mut self, loc: &[&str], value: Value) -> Option<String> {
        match value {
            Value::String(text) => Some(text),
            other => {
                self.add_fault("string_type", loc, "Input should be a valid string", other);
                None
            }
        }
    }

    fn as_list(&mut self, name: &str, value: Value) -> Option<Vec<Value>> {
        match value {
            Value::Array(items) => Some(items),
            other => {
                self.add_fault("list_type", &[name], "Input should be a valid list", other);
                None
            }
        }
    }

    fn as_integer(&mut self, loc: &[&str], value: Value) -> Option<i64> {
        #[expect(clippy::cast_possible_truncation, reason = "a float without fraction within i53 is an integer")]
        let whole = |number: f64| (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64);
        let (integer, kind, msg) = match &value {
            Value::Number(number) => (
                number.as_i64().or_else(|| number.as_f64().and_then(whole)),
                "int_from_float",
                "Input should be a valid integer, got a number with a fractional part",
            ),
            Value::String(text) => (
                text.trim().parse().ok(),
                "int_parsing",
                "Input should be a valid integer, unable to parse string as an integer",
            ),
            _ => (None, "int_type", "Input should be a valid integer"),
        };
        if integer.is_none() {
            self.add_fault(kind, loc, msg, value);
        }
        integer
    }
}

/// A text as the `input` of a fault; what is not strict JSON is shown as null.
fn show(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(result: Result<(), Problem>) -> Value {
        match result {
            Err(Problem::Invalid(faults)) => faults.into(),
            _ => Value::Null,
        }
    }

    #[test]
    fn lists_every_fault() {
        let mut body = Body::parse(br#"{"a": 1.5, "b": ["x", 1], "c": "3", "z": null}"#).unwrap();
        body.integer("a");
        assert_eq!(body.optional_texts("b"), Some(vec!["x".to_owned()]));
        assert_eq!(body.integer("c"), 3);
        body.text("d");
        let faults = faults(body.finish());
        let shapes: Vec<_> = faults.as_array().unwrap().iter().map(|fault| (&fault["type"], &fault["loc"])).collect();
        assert_eq!(
            json!(shapes),
            json!([
                ["int_from_float", ["body", "a"]],
                ["string_type", ["body", "b", 1]],
                ["missing", ["body", "d"]],
                ["extra_forbidden", ["body", "z"]]
            ])
        );
    }

    #[test]
    fn refuses_what_is_no_object() {
        assert!(matches!(Body::parse(b"[]"), Err(Problem::Invalid(_))));
        assert!(matches!(Body::parse(b""), Err(Problem::Invalid(_))));
        assert!(matches!(Body::parse(b"\xff"), Err(Problem::Unparsable)));
    }
}
