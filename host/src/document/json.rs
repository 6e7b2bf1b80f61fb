//! JSON to nodes. `serde_json` gives values no place, but it lends their raw text: where that text begins in the source is the place.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::node::{Entry, Node, SyntaxError, Table, Value, line_of};

/// Deepest nesting, as deep as the host takes from anyone.
const DEPTH: usize = 64;

/// Parses a whole file.
pub(super) fn parse(source: &str) -> Result<Node, SyntaxError> {
    let raw: &RawValue = serde_json::from_str(source)
        .map_err(|error| SyntaxError { line: error.line().max(1), message: format!("not JSON: {error}") })?;
    node(source, raw, DEPTH)
}

fn node(source: &str, raw: &RawValue, depth: usize) -> Result<Node, SyntaxError> {
    let span = place(source, raw);
    let line = line_of(source, span.start);
    let wrong = |error: serde_json::Error| SyntaxError { line, message: format!("not JSON: {error}") };
    if depth == 0 {
        return Err(SyntaxError { line, message: format!("nested more than {DEPTH} deep") });
    }
    let value = match raw.get().as_bytes().first() {
        Some(b'{') => {
            let Members(members) = serde_json::from_str(raw.get()).map_err(wrong)?;
            let entries = members.into_iter().map(|(key, inner)| {
                let node = node(source, inner, depth - 1)?;
                Ok(Entry { key, line: node.line, node })
            });
            Value::Table(Table(entries.collect::<Result<_, _>>()?))
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(raw.get()).map_err(wrong)?;
            Value::List(items.into_iter().map(|inner| node(source, inner, depth - 1)).collect::<Result<_, _>>()?)
        }
        Some(b'"') => Value::Text(serde_json::from_str(raw.get()).map_err(wrong)?),
        _ => match serde_json::from_str(raw.get()).map_err(wrong)? {
            serde_json::Value::Bool(boolean) => Value::Boolean(boolean),
            serde_json::Value::Number(number) => {
                number.as_i64().map_or_else(|| Value::Float(number.as_f64().unwrap_or(f64::NAN)), Value::Integer)
            }
            _ => Value::Null,
        },
    };
    Ok(Node { value, line, span })
}

/// Where a borrowed raw value stands in the source it was borrowed from.
fn place(source: &str, raw: &RawValue) -> Range<usize> {
    let start = raw.get().as_ptr().addr().saturating_sub(source.as_ptr().addr());
    start..start + raw.get().len()
}

/// The members of an object, in order, repeated keys kept.
struct Members<'s>(Vec<(String, &'s RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_knows_its_line_and_place() {
        let source = "[\n  {\"classpath\": \"a\",\n   \"kwargs\": {\"n\": 1.50}}\n]";
        let root = parse(source).unwrap();
        let Value::List(items) = &root.value else { panic!("{root:?}") };
        let Value::Table(Table(entries)) = &items[0].value else { panic!("{items:?}") };
        assert_eq!(entries.iter().map(|entry| entry.line).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(&source[entries[1].node.span.clone()], "{\"n\": 1.50}");
    }

    #[test]
    fn a_mistake_has_a_line() {
        assert_eq!(parse("[\n 1,\n]").map_err(|error| error.line), Err(3));
        assert!(parse(&"[".repeat(100_000)).is_err());
    }
}
