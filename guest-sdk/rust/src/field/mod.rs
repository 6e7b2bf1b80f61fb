//! One field of a JSON text, found in one pass: what is not on the way to it is passed over and not built.
//!
//! Owns the choice between the two ways to find it: [`scan`] for plain texts, which are nearly all, and `serde_json`
//! for the rest and for whatever is wrong with a text. Invariant: what is found at a pointer is what `Value::pointer`
//! finds, so of equal keys the last one counts. What is passed over is checked for form, not for what its texts say.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize as _;
use serde::de::value::U64Deserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::scan;

/// The value at `pointer` (RFC 6901), if there is one, in the text that is the first `length` bytes of `text`.
#[inline(always)]
pub(crate) fn field<T: DeserializeOwned>(text: &[u8], length: usize, pointer: &str) -> serde_json::Result<Option<T>> {
    let found = pointer.strip_prefix('/').and_then(|path| scan::find(text, length, path));
    let plain = match found {
        Some([]) => return Ok(None),
        Some(found) => integer(found).or_else(|| serde_json::from_slice(found).ok()),
        None => None,
    };
    // An error names its place in the whole message.
    plain.map_or_else(|| by_serde(text.get(..length).unwrap_or(text), pointer), |found| Ok(Some(found)))
}

/// What `serde_json` makes of a short integer, which most fields are that decide something; None for everything else.
#[inline]
fn integer<T: DeserializeOwned>(text: &[u8]) -> Option<T> {
    if !matches!((text.len(), text), (1, _) | (2..=9, [b'1'..=b'9', ..])) {
        return None;
    }
    let mut number = 0;
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + u64::from(digit);
    }
    T::deserialize(U64Deserializer::<serde_json::Error>::new(number)).ok()
}

/// The same for every text, and what the other way has to agree with.
fn by_serde<T: DeserializeOwned>(text: &[u8], pointer: &str) -> serde_json::Result<Option<T>> {
    let mut json = serde_json::Deserializer::from_slice(text);
    let found = match pointer.strip_prefix('/') {
        Some(path) => Way::of(path).deserialize(&mut json)?,
        None if pointer.is_empty() => Some(T::deserialize(&mut json)?),
        // Like `Value::pointer`: what is no pointer finds nothing.
        None => IgnoredAny::deserialize(&mut json).map(|_| None)?,
    };
    json.end().map(|()| found)
}

/// The rest of a pointer, without its leading slash, on the way to a `T`.
struct Way<'p, T> {
    path: &'p str,
    found: PhantomData<T>,
}

impl<'p, T> Way<'p, T> {
    fn of(path: &'p str) -> Self {
        Self { path, found: PhantomData }
    }

    /// The next token, still escaped, and what is behind it.
    fn split(&self) -> (&'p str, Option<&'p str>) {
        self.path.split_once('/').map_or((self.path, None), |(token, rest)| (token, Some(rest)))
    }
}

impl<'de, T: DeserializeOwned> DeserializeSeed<'de> for Way<'_, T> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de, T: DeserializeOwned> Visitor<'de> for Way<'_, T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let (token, rest) = self.split();
        if let Some(index) = index(token) {
            for _ in 0..index {
                if items.next_element::<IgnoredAny>()?.is_none() {
                    return Ok(None);
                }
            }
            let found = match rest {
                Some(rest) => items.next_element_seed(Way::of(rest))?.flatten(),
                None => items.next_element()?,
            };
            while items.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(found);
        }
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        let (token, rest) = self.split();
        let mut found = None;
        while let Some(is_it) = fields.next_key_seed(Key(token))? {
            match (is_it, rest) {
                (true, Some(rest)) => found = fields.next_value_seed(Way::of(rest))?,
                (true, None) => found = Some(fields.next_value()?),
                (false, _) => drop(fields.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }
}

/// Whether a key is the one of a token.
struct Key<'p>(&'p str);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<bool, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<bool, E> {
        // Escapes are rare, and only make a token longer than its key.
        let is_escaped = || self.0.contains('~');
        let unescaped = || self.0.replace("~1", "/").replace("~0", "~");
        Ok(if self.0 == key { !is_escaped() } else { self.0.len() > key.len() && is_escaped() && unescaped() == key })
    }
}

/// An index as RFC 6901 writes it: without sign and leading zeros.
fn index(token: &str) -> Option<usize> {
    let plain = !token.starts_with('+') && (token == "0" || !token.starts_with('0'));
    plain.then(|| token.parse().ok()).flatten()
}

#[cfg(test)]
mod tests;
