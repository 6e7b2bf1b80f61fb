//! Takes the fields that somebody looks at out of an event, and builds nothing of the rest.
//!
//! Owns the pointers as a tree. Invariants: it finds what looking each pointer up in the whole event would; all of the
//! event is read, so an event is JSON here exactly when it is one as a whole.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// The JSON reader refuses what is nested deeper, so nothing is ever found there.
const DEEPEST: usize = 128;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pointers: BTreeMap<String, Pointer>,
    /// Places that nobody has.
    free: Vec<usize>,
    root: Node,
}

#[derive(Debug)]
struct Pointer {
    /// How many look there.
    count: usize,
    /// Its own among the values of an event.
    place: usize,
}

/// What leads to a field, or is one.
#[derive(Debug, Default)]
struct Node {
    /// The place of the pointer that ends here.
    place: Option<usize>,
    inner: BTreeMap<String, Node>,
}

/// What was found in one event.
pub(super) struct Found<'a> {
    pointers: &'a BTreeMap<String, Pointer>,
    values: Vec<Option<Value>>,
}

impl Fields {
    /// One more subscriber looks at this field.
    pub(super) fn add(&mut self, pointer: &str) {
        if let Some(pointer) = self.pointers.get_mut(pointer) {
            pointer.count += 1;
            return;
        }
        let place = self.free.pop().unwrap_or(self.pointers.len());
        self.pointers.insert(pointer.to_owned(), Pointer { count: 1, place });
        if tokens(pointer).count() <= DEEPEST {
            let node = tokens(pointer).fold(&mut self.root, |node, token| node.inner.entry(token).or_default());
            node.place = Some(place);
        }
    }

    /// One looks at this field no longer.
    pub(super) fn remove(&mut self, pointer: &str) {
        let Some(Pointer { count, place }) = self.pointers.get_mut(pointer) else { return };
        *count -= 1;
        if *count == 0 {
            self.free.push(*place);
            self.pointers.remove(pointer);
            self.root.prune(&mut tokens(pointer));
        }
    }

    /// What an event has of these fields; None when it is not JSON.
    pub(super) fn read(&self, event: &[u8]) -> Option<Found<'_>> {
        let mut values = vec![None; self.pointers.len() + self.free.len()];
        let mut json = serde_json::Deserializer::from_slice(event);
        Walk { node: Some(&self.root), values: &mut values }.deserialize(&mut json).ok()?;
        json.end().ok()?;
        Some(Found { pointers: &self.pointers, values })
    }
}

fn tokens(pointer: &str) -> impl Iterator<Item = String> {
    pointer.split('/').skip(1).map(|token| token.replace("~1", "/").replace("~0", "~"))
}

impl Found<'_> {
    /// The field there, if the event has one.
    pub(super) fn get(&self, pointer: &str) -> Option<&Value> {
        self.values.get(self.pointers.get(pointer)?.place)?.as_ref()
    }
}

impl Node {
    /// Takes a pointer out, and what leads only to it.
    fn prune(&mut self, tokens: &mut impl Iterator<Item = String>) {
        let Some(token) = tokens.next() else {
            self.place = None;
            return;
        };
        if let Some(inner) = self.inner.get_mut(&token) {
            inner.prune(tokens);
            if inner.place.is_none() && inner.inner.is_empty() {
                self.inner.remove(&token);
            }
        }
    }

    /// A field of which other pointers want a part.
    fn take(&self, value: &Value, values: &mut [Option<Value>]) {
        for (token, inner) in &self.inner {
            let part = match value {
                Value::Object(map) => map.get(token),
                Value::Array(list) => {
                    let at = token.parse().ok().filter(|at: &usize| at.to_string() == *token);
                    at.and_then(|at| list.get(at))
                }
                _ => None,
            };
            if let Some(part) = part {
                inner.take(part, values);
            }
        }
        if let Some(place) = self.place.and_then(|place| values.get_mut(place)) {
            *place = Some(value.clone());
        }
    }

    /// A name that comes again counts for all that came before.
    fn clear(&self, values: &mut [Option<Value>]) {
        if let Some(place) = self.place.and_then(|place| values.get_mut(place)) {
            *place = None;
        }
        self.inner.values().for_each(|inner| inner.clear(values));
    }
}

/// Reads one value; `node`: whether there is something in it to take.
struct Walk<'a> {
    node: Option<&'a Node>,
    values: &'a mut [Option<Value>],
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        let Some((node, place)) = self.node.and_then(|node| Some((node, node.place?))) else {
            return json.deserialize_any(self);
        };
        let value = Value::deserialize(json)?;
        if node.inner.is_empty()
            && let Some(place) = self.values.get_mut(place)
        {
            *place = Some(value);
        } else {
            node.take(&value, self.values);
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(node) = map.next_key_seed(Name(self.node))? {
            node.into_iter().for_each(|node| node.clear(self.values));
            map.next_value_seed(Walk { node, values: self.values })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let inner = self.node.map(|node| &node.inner).filter(|inner| !inner.is_empty());
        let at = |at: usize| inner?.get(&at.to_string());
        let mut next = 0;
        while list.next_element_seed(Walk { node: at(next), values: self.values })?.is_some() {
            next += 1;
        }
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}

/// The name of a part: what is to be taken of it.
struct Name<'a>(Option<&'a Node>);

impl<'de, 'a> DeserializeSeed<'de> for Name<'a> {
    type Value = Option<&'a Node>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_str(self)
    }
}

impl<'a> Visitor<'_> for Name<'a> {
    type Value = Option<&'a Node>;

    fn expecting(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.and_then(|node| node.inner.get(name)))
    }
}

#[cfg(test)]
mod tests;
