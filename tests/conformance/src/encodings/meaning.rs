//! What a value in Airflow's encoding means to Airflow, so that two spellings can be compared. Independent of the
//! codecs that are checked.
//!
//! Equal are: sets in any order; the spellings of a time zone; pendulum's datetime, date and zones and the standard
//! library's, which are equal in Python too; a tag of BaseSerialization and the serde class that stands for the same.

use encodings::json::{Document, Entry, Id, Limits, View};

const LIMITS: Limits = Limits { depth: 100_000, bytes: 1 << 30, bare_words: true };

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Meaning {
    Null,
    Bool(bool),
    Integer(String),
    /// The bits of the double; one pattern for every NaN.
    Float(u64),
    Text(Vec<u16>),
    List(Vec<Meaning>),
    Tuple(Vec<Meaning>),
    /// Sorted.
    Set(Vec<Meaning>),
    /// Sorted.
    FrozenSet(Vec<Meaning>),
    Dict(Vec<(Vec<u16>, Meaning)>),
    /// Microseconds since the epoch, and where.
    Moment(i128, Zone),
    Naive(i128),
    Date(String),
    Duration(u64),
    Zone(Zone),
    Uuid(String),
    /// Sign, digits without zeros around, exponent; or a word.
    Decimal(bool, String, i64),
    Object(String, Option<String>, Box<Meaning>),
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Zone {
    Named(String),
    Offset(i64),
}

/// `None` for text that means nothing to Airflow.
pub(super) fn meaning(text: &str) -> Option<Meaning> {
    let document = Document::read(text, LIMITS).ok()?;
    Speaker(&document).say(document.root())
}

impl Meaning {
    /// The same with every naive datetime in UTC, which is what the host makes of a guest's.
    pub(super) fn in_utc(self) -> Self {
        let all = |items: Vec<Self>| items.into_iter().map(Self::in_utc).collect();
        match self {
            Self::Naive(at) => Self::Moment(at, utc()),
            Self::List(items) => Self::List(all(items)),
            Self::Tuple(items) => Self::Tuple(all(items)),
            Self::Set(items) => Self::Set(sorted(all(items))),
            Self::FrozenSet(items) => Self::FrozenSet(sorted(all(items))),
            Self::Dict(pairs) => Self::Dict(pairs.into_iter().map(|(key, value)| (key, value.in_utc())).collect()),
            Self::Object(class, version, data) => Self::Object(class, version, Box::new(data.in_utc())),
            other => other,
        }
    }
}

struct Speaker<'d>(&'d Document);

impl Speaker<'_> {
    fn say(&self, id: Id) -> Option<Meaning> {
        Some(match self.0.view(id) {
            View::Null => Meaning::Null,
            View::Bool(value) => Meaning::Bool(value),
            View::Integer("-0") => Meaning::Integer("0".into()),
            View::Integer(text) => Meaning::Integer(text.into()),
            View::Float(text) => Meaning::Float(text.parse::<f64>().ok()?.to_bits()),
            View::NotFinite(word) => Meaning::Float(bits(word.as_str().parse().ok()?)),
            View::Text(text) => Meaning::Text(text.utf16()),
            View::List(items) => Meaning::List(self.all(items)?),
            View::Object(entries) => self.object(entries)?,
        })
    }

    fn all(&self, items: &[Id]) -> Option<Vec<Meaning>> {
        items.iter().map(|item| self.say(*item)).collect()
    }

    fn object(&self, entries: &[Entry]) -> Option<Meaning> {
        let get = |key| self.0.get(entries, key);
        if let (Some(tag), Some(content)) = (get("__type"), get("__var")) {
            return self.tagged(&self.word(tag)?, content);
        }
        if let (Some(class), Some(version)) = (get("__classname__"), get("__version__")) {
            let View::Integer(version) = self.0.view(version) else { return None };
            return self.class(&self.word(class)?, Some(version), get("__data__"));
        }
        self.dict(entries)
    }

    fn dict(&self, entries: &[Entry]) -> Option<Meaning> {
        let say = |(key, value): (encodings::json::Text<'_>, Id)| Some((key.utf16(), self.say(value)?));
        self.0.pairs(entries).map(say).collect::<Option<_>>().map(Meaning::Dict)
    }

    fn tagged(&self, tag: &str, content: Id) -> Option<Meaning> {
        match (tag, self.0.view(content)) {
            ("dict", View::Object(entries)) => self.dict(entries),
            ("tuple", View::List(items)) => self.all(items).map(Meaning::Tuple),
            ("set", View::List(items)) => self.all(items).map(sorted).map(Meaning::Set),
            ("datetime", _) => Some(Meaning::Moment(micros(self.float(content)?), utc())),
            ("timedelta", _) => Some(Meaning::Duration(bits(self.float(content)?))),
            ("timezone", _) => self.zone(content).map(Meaning::Zone),
            _ => self.class(tag, None, Some(content)),
        }
    }

    fn class(&self, class: &str, version: Option<&str>, data: Option<Id>) -> Option<Meaning> {
        let Some(data) = data else { return Some(Meaning::Null) };
        match (class, self.0.view(data)) {
            ("builtins.tuple", View::List(items)) => self.all(items).map(Meaning::Tuple),
            ("builtins.set", View::List(items)) => self.all(items).map(sorted).map(Meaning::Set),
            ("builtins.frozenset", View::List(items)) => self.all(items).map(sorted).map(Meaning::FrozenSet),
            ("datetime.datetime" | "pendulum.datetime.DateTime", View::Object(fields)) => {
                let at = micros(self.float(self.0.get(fields, "timestamp")?)?);
                match self.0.get(fields, "tz").map(|tz| self.0.view(tz)) {
                    Some(View::Object(tz)) => {
                        let View::List([value, ..]) = self.0.view(self.0.get(tz, "__data__")?) else { return None };
                        Some(Meaning::Moment(at, self.zone(*value)?))
                    }
                    _ if class == "datetime.datetime" => Some(Meaning::Naive(at)),
                    _ => Some(Meaning::Moment(at, utc())),
                }
            }
            ("datetime.date" | "pendulum.date.Date", _) => self.word(data).map(Meaning::Date),
            ("datetime.timedelta", _) => Some(Meaning::Duration(bits(self.float(data)?))),
            ("zoneinfo.ZoneInfo" | "pendulum.tz.timezone.Timezone" | "pendulum.tz.timezone.FixedTimezone", _) => {
                self.zone(data).map(Meaning::Zone)
            }
            ("uuid.UUID", _) => self.word(data).map(|text| Meaning::Uuid(text.to_lowercase().replace('-', ""))),
            ("decimal.Decimal", View::Integer(text)) => decimal(text),
            // Of two equally near spellings of a double, Python and Rust may choose different ones.
            ("decimal.Decimal", View::Float(text)) => decimal(&format!("{:e}", text.parse::<f64>().ok()?)),
            ("decimal.Decimal", View::NotFinite(word)) => Some(Meaning::Decimal(false, word.as_str().into(), 0)),
            _ => Some(Meaning::Object(class.into(), version.map(str::to_owned), Box::new(self.say(data)?))),
        }
    }

    fn zone(&self, id: Id) -> Option<Zone> {
        match self.0.view(id) {
            View::Text(name) => Some(Zone::Named(name.as_str()?.into())),
            View::Integer("0") => Some(utc()),
            View::Integer(seconds) => seconds.parse().ok().map(Zone::Offset),
            _ => None,
        }
    }

    fn word(&self, id: Id) -> Option<String> {
        match self.0.view(id) {
            View::Text(text) => text.as_str().map(str::to_owned),
            _ => None,
        }
    }

    fn float(&self, id: Id) -> Option<f64> {
        match self.0.view(id) {
            View::Integer(text) | View::Float(text) => text.parse().ok(),
            _ => None,
        }
    }
}

fn utc() -> Zone {
    Zone::Named("UTC".into())
}

fn bits(value: f64) -> u64 {
    if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() }
}

/// As Python rounds a timestamp.
#[expect(clippy::cast_possible_truncation, reason = "a timestamp is far below the limit")]
fn micros(seconds: f64) -> i128 {
    seconds.trunc() as i128 * 1_000_000 + (seconds.fract() * 1e6).round_ties_even() as i128
}

fn sorted(mut items: Vec<Meaning>) -> Vec<Meaning> {
    items.sort();
    items
}

/// The value of a number's text, whatever its spelling.
fn decimal(text: &str) -> Option<Meaning> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (negative, mantissa) = (mantissa.starts_with('-'), mantissa.trim_start_matches('-'));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let kept = digits.trim_end_matches('0');
    let exponent = exponent - fraction.len() as i64 + (digits.len() - kept.len()) as i64;
    match kept.trim_start_matches('0') {
        "" => Some(Meaning::Decimal(false, String::new(), 0)),
        kept => Some(Meaning::Decimal(negative, kept.into(), exponent)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_the_same_are_equal() {
        let tz = |value: &str, class: &str| {
            format!(r#"{{"__classname__":"builtins.tuple","__version__":1,"__data__":[{value},"{class}",1,true]}}"#)
        };
        let at = |class: &str, tz: &str| {
            format!(r#"{{"__classname__":"{class}","__version__":2,"__data__":{{"timestamp":1.5,"tz":{tz}}}}}"#)
        };
        let utc = at("pendulum.datetime.DateTime", &tz("\"UTC\"", "pendulum.tz.timezone.Timezone"));
        for same in [
            at("datetime.datetime", &tz("\"UTC\"", "zoneinfo.ZoneInfo")),
            at("datetime.datetime", &tz("0", "pendulum.tz.timezone.FixedTimezone")),
            r#"{"__type":"datetime","__var":1.5}"#.to_owned(),
        ] {
            assert_eq!(meaning(&same), meaning(&utc), "{same}");
        }
        let set =
            |items: &str| meaning(&format!(r#"{{"__classname__":"builtins.set","__version__":1,"__data__":{items}}}"#));
        assert_eq!(set("[1,\"a\"]"), set("[\"a\",1]"));
        let decimal = |text: &str| {
            meaning(&format!(r#"{{"__classname__":"decimal.Decimal","__version__":1,"__data__":{text}}}"#))
        };
        assert_eq!(decimal("1e+2"), decimal("100"));
        assert_eq!(decimal("77552122660454.62"), decimal("77552122660454.63"), "the same double");
    }

    #[test]
    fn different_values_differ() {
        for (one, other) in [
            ("1", "1.0"),
            ("0.0", "-0.0"),
            ("1", "true"),
            ("\"1\"", "1"),
            ("[1,2]", "[2,1]"),
            ("{\"a\":1}", "{\"b\":1}"),
            ("NaN", "Infinity"),
            ("[1]", r#"{"__type":"tuple","__var":[1]}"#),
            (r#"{"__type":"set","__var":[1]}"#, r#"{"__type":"tuple","__var":[1]}"#),
            (r#"{"__type":"datetime","__var":1.5}"#, r#"{"__type":"timedelta","__var":1.5}"#),
        ] {
            assert!(meaning(one).is_some() && meaning(one) != meaning(other), "{one} {other}");
        }
    }
}
