//! Kwargs from neutral JSON, with errors that name the key and what was expected.

use std::fmt;

use serde::de::value::StringDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer as _, MapAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};

use crate::{Error, Result, neutral};

/// Reads kwargs.
pub(crate) fn parse<T: DeserializeOwned>(text: &str) -> Result<T> {
    let value: Value = serde_json::from_str(text).map_err(|error| Error::kwargs(format!("not JSON: {error}")))?;
    let Value::Object(entries) = neutral::simplify(value) else {
        return Err(Error::kwargs("the kwargs must be a JSON object"));
    };
    T::deserialize(Entries::new(entries)).map_err(|fault| Error::kwargs(fault.0))
}

/// The kwargs as serde sees them: like `serde_json::Map`, but an error within a value gets the value's key.
struct Entries {
    rest: serde_json::map::IntoIter,
    current: Option<(String, Value)>,
}

impl Entries {
    fn new(entries: Map<String, Value>) -> Self {
        Self { rest: entries.into_iter(), current: None }
    }
}

impl<'de> Deserializer<'de> for Entries {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_map(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> MapAccess<'de> for Entries {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        self.current = self.rest.next();
        let Some((key, _)) = &self.current else { return Ok(None) };
        let key: StringDeserializer<Fault> = key.clone().into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let Some((key, value)) = self.current.take() else {
            return Err(Fault("a value was read before its key".to_owned()));
        };
        seed.deserialize(value).map_err(|error| Fault(format!("`{key}`: {error}")))
    }
}

/// Why kwargs do not fit.
#[derive(Debug)]
pub(crate) struct Fault(String);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }

    fn missing_field(field: &'static str) -> Self {
        Self(format!("`{field}` is missing"))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self(match expected {
            [] => format!("`{field}` is unknown: this trigger has no kwargs"),
            _ => format!("`{field}` is unknown: expected `{}`", expected.join("`, `")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::{DateTime, kwargs};

    #[kwargs]
    #[derive(Debug)]
    struct Sample {
        #[expect(dead_code, reason = "only its errors matter")]
        moment: DateTime,
        #[serde(default)]
        names: Vec<String>,
    }

    fn error(text: &str) -> String {
        parse::<Sample>(text).unwrap_err().message().to_owned()
    }

    #[test]
    fn names_the_key_and_what_was_expected() {
        assert_eq!(error(r#"{}"#), "`moment` is missing");
        assert_eq!(error(r#"{"momment": 1}"#), "`momment` is unknown: expected `moment`, `names`");
        assert_eq!(
            error(r#"{"moment": 5}"#),
            "`moment`: invalid type: integer `5`, expected a moment: RFC 3339 text with an offset, or {\"$datetime\": text}"
        );
        assert_eq!(
            error(r#"{"moment": "2026-01-31T12:00:00"}"#),
            "`moment`: `2026-01-31T12:00:00` has no offset: write `Z` or one such as `+01:00` after it"
        );
        assert_eq!(error("[1]"), "the kwargs must be a JSON object");
    }

    #[test]
    fn takes_python_sequences_for_lists() {
        let text = r#"{"moment": {"$datetime": "2026-01-31T12:00:00Z"}, "names": {"$tuple": ["a", "b"]}}"#;
        assert_eq!(parse::<Sample>(text).unwrap().names, ["a", "b"]);
    }
}
