//! A moment, to the microsecond as Python has it, from RFC 3339 text and back.
//!
//! Invariant: a value lies in the years 1 to 9999, so that it always has a text.

use std::borrow::Cow;
use std::fmt;
use std::ops::Add;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::rfc3339::{MICROS, SECONDS_OF_DAY, Scanner, civil_from_days};
use crate::Duration;

/// A moment in time. A kwarg of this type takes RFC 3339 text with an offset, or the neutral `{"$datetime": text}` that
/// a Python datetime becomes; a naive time is refused. Serialized in the neutral form, in UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime {
    /// Since 1970-01-01T00:00:00Z.
    unix_micros: i64,
}

/// 0001-01-01T00:00:00Z.
const EARLIEST: i64 = -62_135_596_800 * MICROS;
/// 9999-12-31T23:59:59.999999Z.
const LATEST: i64 = 253_402_300_800 * MICROS - 1;

impl DateTime {
    /// From milliseconds since 1970-01-01T00:00:00Z; ends at the year 9999.
    pub fn from_unix_ms(unix_ms: u64) -> Self {
        Self { unix_micros: i64::try_from(unix_ms).unwrap_or(i64::MAX).saturating_mul(1_000).min(LATEST) }
    }

    /// Milliseconds since 1970-01-01T00:00:00Z, rounded up so that waiting for them never ends early; 0 before 1970.
    pub fn unix_ms(self) -> u64 {
        u64::try_from(self.unix_micros).map_or(0, |micros| micros.div_ceil(1_000))
    }

    /// How long after `earlier` this is; zero when it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        let micros = u64::try_from(self.unix_micros.saturating_sub(earlier.unix_micros)).unwrap_or(0);
        Duration::from(std::time::Duration::from_micros(micros))
    }
}

impl<D: Into<Duration>> Add<D> for DateTime {
    type Output = Self;

    /// Ends at the year 9999.
    fn add(self, wait: D) -> Self {
        let micros = i64::try_from(wait.into().as_micros()).unwrap_or(i64::MAX);
        Self { unix_micros: self.unix_micros.saturating_add(micros).min(LATEST) }
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, micros) = (self.unix_micros.div_euclid(MICROS), self.unix_micros.rem_euclid(MICROS));
        let (year, month, day) = civil_from_days(seconds.div_euclid(SECONDS_OF_DAY));
        let second = seconds.rem_euclid(SECONDS_OF_DAY);
        write!(f, "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}", second / 3_600, second / 60 % 60, second % 60)?;
        if micros != 0 {
            write!(f, ".{micros:06}")?;
        }
        f.write_str("Z")
    }
}

impl fmt::Debug for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Text that is not a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseDateTimeError {
    text: String,
    naive: bool,
}

impl fmt::Display for ParseDateTimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.naive {
            write!(f, "`{}` has no offset: write `Z` or one such as `+01:00` after it", self.text)
        } else {
            write!(f, "`{}` is not a moment: expected RFC 3339 text such as `2026-01-31T12:00:00Z`", self.text)
        }
    }
}

impl std::error::Error for ParseDateTimeError {}

impl FromStr for DateTime {
    type Err = ParseDateTimeError;

    fn from_str(text: &str) -> Result<Self, ParseDateTimeError> {
        let error = |naive| ParseDateTimeError { text: text.chars().take(64).collect(), naive };
        let mut rest = Scanner(text.as_bytes());
        let local = rest.local_micros().ok_or_else(|| error(false))?;
        if rest.0.is_empty() {
            return Err(error(true));
        }
        let offset = rest.offset_seconds().filter(|_| rest.0.is_empty()).ok_or_else(|| error(false))?;
        let unix_micros = local - offset * MICROS;
        if (EARLIEST..=LATEST).contains(&unix_micros) { Ok(Self { unix_micros }) } else { Err(error(false)) }
    }
}

impl Serialize for DateTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("$datetime", &self.to_string())?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for DateTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Moment)
    }
}

struct Moment;

impl<'de> Visitor<'de> for Moment {
    type Value = DateTime;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a moment: RFC 3339 text with an offset, or {\"$datetime\": text}")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<DateTime, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<DateTime, M::Error> {
        let mut moment = None;
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            let text = map.next_value::<String>()?;
            match &*key {
                "$datetime" => moment = Some(text.parse().map_err(de::Error::custom)?),
                // The moment is the same in every zone.
                "zone" => {}
                _ => return Err(de::Error::invalid_type(de::Unexpected::Map, &self)),
            }
        }
        moment.ok_or_else(|| de::Error::invalid_type(de::Unexpected::Map, &self))
    }
}

impl JsonSchema for DateTime {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "DateTime".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "string", "format": "date-time" },
                {
                    "type": "object",
                    "properties": { "$datetime": { "type": "string", "format": "date-time" }, "zone": { "type": "string" } },
                    "required": ["$datetime"],
                    "additionalProperties": false,
                },
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::DateTime;

    fn moment(text: &str) -> DateTime {
        text.parse().unwrap()
    }

    #[test]
    fn reads_and_writes_moments() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
            ("2024-02-29T23:59:59.5+02:00", "2024-02-29T21:59:59.500000Z"),
            ("2030-01-01 12:00:00+0530", "2030-01-01T06:30:00Z"),
            ("2026-11-20T12:12:56.7353329Z", "2026-11-20T12:12:56.735332Z"),
            ("1900-03-01T00:00-01:00", "1900-03-01T01:00:00Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
            ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
        ] {
            assert_eq!(moment(text).to_string(), expected, "{text}");
            assert_eq!(moment(expected).to_string(), expected);
        }
    }

    #[test]
    fn refuses_what_is_not_one() {
        for text in [
            "",
            "soon",
            "2026-01-31",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-31T24:00:00Z",
            "2026-01-31T12:60:00Z",
            "2026-01-31T12:00:00Zx",
            "2026-01-31T12:00:00.Z",
            "2026-01-31T12:00:00+1",
            "2026-01-31T12:00:00+24:00",
            "0000-01-01T00:00:00Z",
            "0001-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-01:00",
        ] {
            assert!(text.parse::<DateTime>().is_err_and(|error| !error.to_string().contains("no offset")), "{text}");
        }
        let naive = "2026-01-31T12:00:00".parse::<DateTime>().unwrap_err();
        assert!(naive.to_string().contains("has no offset"), "{naive}");
    }

    #[test]
    fn waiting_for_milliseconds_never_ends_early() {
        assert_eq!(moment("1970-01-01T00:00:01.000001Z").unix_ms(), 1_001);
        assert_eq!(moment("1969-01-01T00:00:00Z").unix_ms(), 0);
        assert_eq!(DateTime::from_unix_ms(u64::MAX).to_string(), "9999-12-31T23:59:59.999999Z");
    }

    #[test]
    fn takes_both_forms_and_writes_the_neutral_one() {
        for text in
            [r#""2026-01-31T13:00:00+01:00""#, r#"{"$datetime": "2026-01-31T13:00:00+01:00", "zone": "Europe/Berlin"}"#]
        {
            let read: DateTime = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&read).unwrap(), r#"{"$datetime":"2026-01-31T12:00:00Z"}"#);
        }
        for text in ["{}", r#"{"datetime": "2026-01-31T12:00:00Z"}"#, r#"{"zone": "UTC"}"#, "5", "null"] {
            assert!(serde_json::from_str::<DateTime>(text).is_err(), "{text}");
        }
    }
}
