//! Whether a text is JSON of bounded depth. Nothing is built: the text itself goes on.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Arrays and objects within each other.
const MOST_DEPTH: u8 = 64;

/// Why a text is not accepted; for people.
pub(super) fn check(text: &str) -> Result<(), String> {
    let mut parser = serde_json::Deserializer::from_str(text);
    Level(MOST_DEPTH).deserialize(&mut parser).and_then(|()| parser.end()).map_err(|error| error.to_string())
}

/// A value that may hold this many more levels.
#[derive(Clone, Copy)]
struct Level(u8);

impl Level {
    fn down<E: Error>(self) -> Result<Self, E> {
        let deeper = self.0.checked_sub(1).ok_or_else(|| E::custom(format_args!("deeper than {MOST_DEPTH} levels")))?;
        Ok(Self(deeper))
    }
}

impl<'de> DeserializeSeed<'de> for Level {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let deeper = self.down()?;
        while items.next_element_seed(deeper)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let deeper = self.down()?;
        while fields.next_key_seed(deeper)?.is_some() {
            fields.next_value_seed(deeper)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_json_and_nothing_else() {
        for text in ["null", "-1.5e3", "\"é\\u00e9\"", r#"{"a": [1, {"b": []}]}"#, "12345678901234567890123"] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
        for text in ["", " ", "{", "nul", "1 2", "{\"a\":}", "'a'", "NaN", "\"\\ud800\"", "[1,]", "\"\n\""] {
            assert!(check(text).is_err(), "{text}");
        }
    }

    #[test]
    fn bounds_the_depth() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(check(&nested(64)), Ok(()));
        assert!(check(&nested(65)).unwrap_err().starts_with("deeper than 64 levels"));
        assert!(check(&"{\"a\":".repeat(100_000)).is_err());
    }
}
