//! Payload texts: whether two mean the same, and what Airflow's server can make of one for an asset or a callback.
//!
//! Texts are what Python's parser takes, so some are not strict JSON (`NaN`, lone surrogates). See
//! docs/design/encodings.md#event-payloads and docs/design/execution-api.md#jobs-and-triggers.

use serde_json::Value;

/// Whether a repetition carries the payload it repeats.
pub(crate) fn same(one: &str, other: &str) -> bool {
    let parse = |text: &str| serde_json::from_str::<Value>(text).ok();
    one == other || parse(one).is_some_and(|value| Some(value) == parse(other))
}

/// What becomes of a payload that the server itself decodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decoded {
    /// Plain JSON, or a tuple, which is stored as a list.
    Plain,
    /// A known class whose object the asset event's JSON column cannot hold.
    NotStorable,
    /// A class outside the server's list.
    Unknown,
}

/// Classes that decode to something JSON cannot hold.
const LIVE: [&str; 12] = [
    "builtins.set",
    "builtins.frozenset",
    "datetime.datetime",
    "pendulum.datetime.DateTime",
    "datetime.date",
    "pendulum.date.Date",
    "datetime.timedelta",
    "zoneinfo.ZoneInfo",
    "pendulum.tz.timezone.Timezone",
    "pendulum.tz.timezone.FixedTimezone",
    "uuid.UUID",
    "decimal.Decimal",
];

/// What the server makes of this payload.
pub(crate) fn decode(text: &str) -> Decoded {
    // What serde_json does not take is NaN and the like, which the server's own column takes.
    serde_json::from_str::<Value>(text).map_or(Decoded::Plain, |value| walk(&value))
}

/// Whether the payload is an object, and its `state` and `body` where it has them.
pub(crate) fn callback(text: &str) -> Option<(Option<String>, Option<String>)> {
    let value: Value = serde_json::from_str(text).ok()?;
    let object = value.as_object()?;
    let state = object.get("state").and_then(Value::as_str).map(str::to_owned);
    Some((state, object.get("body").map(Value::to_string)))
}

fn walk(value: &Value) -> Decoded {
    let worst = |values: &mut dyn Iterator<Item = &Value>| {
        values.map(walk).find(|decoded| *decoded != Decoded::Plain).unwrap_or(Decoded::Plain)
    };
    match value {
        Value::Array(items) => worst(&mut items.iter()),
        Value::Object(members) => match members.get("__classname__").and_then(Value::as_str) {
            None => worst(&mut members.values()),
            Some("builtins.tuple") => members.get("__data__").map_or(Decoded::Plain, walk),
            Some(name) if LIVE.contains(&name) => Decoded::NotStorable,
            Some(_) => Decoded::Unknown,
        },
        _ => Decoded::Plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_meaning_not_spelling() {
        assert!(same(r#"{"a":1,"b":2}"#, r#"{ "b": 2, "a": 1 }"#));
        assert!(same("NaN", "NaN"));
        assert!(!same("NaN", "null"));
        assert!(!same("1", "2"));
    }

    #[test]
    fn knows_what_the_server_chokes_on() {
        assert_eq!(
            decode(r#"{"a": [{"__classname__": "builtins.tuple", "__version__": 1, "__data__": [1]}]}"#),
            Decoded::Plain
        );
        assert_eq!(
            decode(r#"[{"__classname__": "uuid.UUID", "__version__": 1, "__data__": "x"}]"#),
            Decoded::NotStorable
        );
        assert_eq!(decode(r#"{"__classname__": "evil.Thing"}"#), Decoded::Unknown);
    }
}
