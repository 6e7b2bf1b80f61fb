//! Nodes as serde reads them, for tables whose types live in another crate; an error knows the line and the key it is
//! about.
//!
//! Owns nothing. Invariant: what a file says is handed on as it is: no type is guessed, no value is turned into
//! another.

use std::fmt;

use serde::Deserializer;
use serde::de::value::{MapAccessDeserializer, SeqDeserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Error as _, Expected, IntoDeserializer, MapAccess, Unexpected, Visitor,
};

use super::node::{Entry, Node, Table, Value};
use crate::problems::unknown_key;

/// What does not fit, and where.
#[derive(Debug)]
pub struct Misfit {
    /// None: the table itself.
    pub line: Option<usize>,
    /// None: the table itself.
    pub key: Option<String>,
    /// A lower-case fragment.
    pub what: String,
}

/// Reads a table.
pub(super) fn table<T: DeserializeOwned>(table: &Table) -> Result<T, Misfit> {
    T::deserialize(MapAccessDeserializer::new(Entries { left: table.0.iter(), value: None }))
}

impl Misfit {
    /// Names the place, unless one further in is named already.
    fn at(mut self, entry: &Entry) -> Self {
        if self.line.is_none() {
            self.line = Some(entry.node.line);
            self.key.get_or_insert_with(|| entry.key.clone());
        }
        self
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Misfit {}

impl serde::de::Error for Misfit {
    fn custom<T: fmt::Display>(what: T) -> Self {
        Self { line: None, key: None, what: what.to_string() }
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(format!("expected {expected}, found {found}"))
    }

    fn unknown_variant(found: &str, expected: &'static [&'static str]) -> Self {
        let expected: Vec<_> = expected.iter().map(|one| format!("\"{one}\"")).collect();
        Self::custom(format!("expected {}, found {found:?}", expected.join(" or ")))
    }

    fn unknown_field(key: &str, expected: &'static [&'static str]) -> Self {
        Self { line: None, key: Some(key.to_owned()), what: unknown_key(key, expected) }
    }

    fn missing_field(key: &'static str) -> Self {
        Self { line: None, key: Some(key.to_owned()), what: "missing".to_owned() }
    }
}

struct Entries<'d> {
    left: std::slice::Iter<'d, Entry>,
    value: Option<&'d Entry>,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        self.value = self.left.next();
        let Some(entry) = self.value else { return Ok(None) };
        seed.deserialize(entry.key.as_str().into_deserializer()).map(Some).map_err(|error: Misfit| error.at(entry))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        let entry = self.value.take().ok_or_else(|| Misfit::custom("a key without a value"))?;
        seed.deserialize(&entry.node).map_err(|error| error.at(entry))
    }
}

impl<'de> IntoDeserializer<'de, Misfit> for &Node {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for &Node {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match &self.value {
            Value::Null => visitor.visit_unit(),
            Value::Boolean(value) => visitor.visit_bool(*value),
            Value::Integer(number) => visitor.visit_i64(*number),
            Value::Float(number) => visitor.visit_f64(*number),
            Value::Text(text) | Value::Time(text) => visitor.visit_str(text),
            Value::List(items) => visitor.visit_seq(SeqDeserializer::new(items.iter())),
            Value::Table(table) => visitor.visit_map(Entries { left: table.0.iter(), value: None }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let Value::Text(text) = &self.value else {
            return Err(Misfit::custom(format!("expected a string, found {}", self.value.found())));
        };
        visitor.visit_enum(text.as_str().into_deserializer())
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct
        identifier ignored_any
    }
}
