//! A length of time, never negative, from the forms that kwargs carry.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A length of time. A kwarg of this type takes seconds as a number, the neutral `{"$duration": seconds}` that a Python
/// timedelta becomes, ISO 8601 text (`PT1H30M`) or plain text (`90s`, `1h 30m`). Serialized in the neutral form. Never
/// negative.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Duration(std::time::Duration);

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self(std::time::Duration::ZERO);

    /// So many seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(std::time::Duration::from_secs(seconds))
    }

    /// So many milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(std::time::Duration::from_millis(millis))
    }

    /// Seconds with a fraction; none when negative, not finite, or more than a `Duration` holds.
    pub fn from_secs_f64(seconds: f64) -> Option<Self> {
        std::time::Duration::try_from_secs_f64(seconds).ok().map(Self)
    }

    /// Whole milliseconds, rounded up so that waiting for them never ends early.
    pub fn as_millis(self) -> u64 {
        u64::try_from(self.0.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
    }

    /// Whole microseconds.
    pub const fn as_micros(self) -> u128 {
        self.0.as_micros()
    }

    /// Seconds with a fraction.
    pub const fn as_secs_f64(self) -> f64 {
        self.0.as_secs_f64()
    }

    /// So many times as long, at most what a `Duration` holds.
    #[must_use]
    pub const fn saturating_mul(self, times: u32) -> Self {
        Self(self.0.saturating_mul(times))
    }
}

impl From<std::time::Duration> for Duration {
    fn from(duration: std::time::Duration) -> Self {
        Self(duration)
    }
}

impl From<Duration> for std::time::Duration {
    fn from(duration: Duration) -> Self {
        duration.0
    }
}

impl fmt::Debug for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.subsec_nanos() {
            0 => write!(f, "{} s", self.0.as_secs()),
            _ => write!(f, "{} ms", self.as_millis()),
        }
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        match self.0.subsec_nanos() {
            0 => map.serialize_entry("$duration", &self.0.as_secs())?,
            _ => map.serialize_entry("$duration", &self.as_secs_f64())?,
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Length)
    }
}

struct Length;

impl<'de> Visitor<'de> for Length {
    type Value = Duration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration: seconds as a number, text such as `PT1H30M` or `90s`, or {\"$duration\": seconds}")
    }

    fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Duration, E> {
        Ok(Duration::from_secs(seconds))
    }

    fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Duration, E> {
        u64::try_from(seconds)
            .map(Duration::from_secs)
            .map_err(|_| E::custom(format_args!("{seconds} seconds is not a duration: it must not be negative")))
    }

    fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Duration, E> {
        let wrong =
            || E::custom(format_args!("{seconds} seconds is not a duration: it must be finite and not negative"));
        Duration::from_secs_f64(seconds).ok_or_else(wrong)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Duration, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Duration, M::Error> {
        match map.next_key::<Cow<'de, str>>()? {
            Some(key) if key == "$duration" => {}
            _ => return Err(de::Error::invalid_type(de::Unexpected::Map, &self)),
        }
        // The tag's content is any form but the tag itself, which nobody writes.
        let duration = map.next_value()?;
        match map.next_key::<Cow<'de, str>>()? {
            None => Ok(duration),
            Some(_) => Err(de::Error::invalid_type(de::Unexpected::Map, &self)),
        }
    }
}

impl JsonSchema for Duration {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "number", "minimum": 0, "description": "seconds" },
                { "type": "string", "description": "ISO 8601, such as PT1H30M, or text such as 90s or 1h 30m" },
                {
                    "type": "object",
                    "properties": { "$duration": { "type": "number", "minimum": 0 } },
                    "required": ["$duration"],
                    "additionalProperties": false,
                },
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Duration;

    #[test]
    fn takes_every_form_and_writes_the_neutral_one() {
        for text in ["90", "90.0", r#""PT1M30S""#, r#""90s""#, r#"{"$duration": 90}"#, r#"{"$duration": 90.0}"#] {
            let read: Duration = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&read).unwrap(), r#"{"$duration":90}"#, "{text}");
        }
        assert_eq!(serde_json::to_string(&Duration::from_millis(1_500)).unwrap(), r#"{"$duration":1.5}"#);
    }

    #[test]
    fn refuses_what_is_not_one() {
        for text in
            ["-1", "-0.5", "1e300", "{}", r#"{"$duration": -1}"#, r#"{"$duration": 1, "x": 2}"#, "null", "true", "[1]"]
        {
            assert!(serde_json::from_str::<Duration>(text).is_err(), "{text}");
        }
    }
}
