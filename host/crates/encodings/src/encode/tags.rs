//! The content of each tag that stands for one Python object.

use super::{Encoder, FIXED, NAMED, Outcome, Rules, zone_tuple};
use crate::json::{Children, Id, View, write_str, write_units};
use crate::moment::{Moment, Zone, parse_offset};
use crate::number::{MAX_DURATION, StoredDecimal, finite, python_float, stored_decimal};

impl Encoder<'_> {
    pub(super) fn date_time(&mut self, id: Id, content: Id, zone: Option<Id>) -> Outcome {
        let parsed = self.string(content).and_then(Moment::parse);
        let Some((moment, local)) = parsed else {
            return Err(self.refuse(id, "`$datetime` must be RFC 3339 text with an offset, in the years 1 to 9999"));
        };
        let zone = match zone {
            None => Some(local),
            Some(zone) => self.string(zone).and(self.zone(zone)),
        };
        let tz = match zone {
            // A guest that knows no zone means UTC; a naive datetime is read on the worker's own clock.
            Some(Zone::Naive) if self.rules == Rules::Airflow => {
                let data = format!(r#"{{"timestamp":{},"tz":null}}"#, moment.timestamp());
                return self.class("datetime.datetime", 2, &data);
            }
            Some(Zone::Utc | Zone::Naive) => zone_tuple("\"UTC\"", NAMED),
            Some(Zone::Named(name)) => zone_tuple(&format!("\"{name}\""), NAMED),
            Some(Zone::Offset(seconds)) => zone_tuple(&seconds.to_string(), FIXED),
            None => return Err(self.refuse(id, "`zone` must be a name in the tz database")),
        };
        let data = format!(r#"{{"timestamp":{},"tz":{tz}}}"#, moment.timestamp());
        self.class("pendulum.datetime.DateTime", 2, &data)
    }

    pub(super) fn zone(&self, id: Id) -> Option<Zone> {
        let zone = match self.document.view(id) {
            View::Text(name) => {
                let name = name.as_str()?;
                parse_offset(name).map_or_else(|| Zone::named(name), Zone::offset)
            }
            View::Integer(seconds) => Zone::offset(seconds.parse().ok()?),
            _ => None,
        };
        zone.filter(Zone::is_known)
    }

    pub(super) fn duration(&mut self, id: Id, content: Id) -> Outcome {
        let seconds = match self.document.view(content) {
            View::Integer(text) | View::Float(text) => finite(text).filter(|seconds| seconds.abs() <= MAX_DURATION),
            _ => None,
        };
        match seconds {
            // Airflow reads no integer here.
            Some(seconds) => self.class("datetime.timedelta", 2, &python_float(seconds)),
            None => Err(self.refuse(id, "`$duration` must be a number of seconds, at most 999999999 days")),
        }
    }

    pub(super) fn decimal(&mut self, id: Id, content: Id) -> Outcome {
        let text = self.string(content).unwrap_or_default();
        match stored_decimal(text) {
            Some(StoredDecimal::Integer(digits)) => self.class("decimal.Decimal", 1, &digits),
            Some(StoredDecimal::Float(value)) => self.class("decimal.Decimal", 1, &python_float(value)),
            None if self.rules == Rules::Airflow && matches!(text, "NaN" | "Infinity" | "-Infinity") => {
                self.class("decimal.Decimal", 1, text)
            }
            None => Err(self.refuse(id, "`$decimal` must be a string: a finite number of at most 4300 digits")),
        }
    }

    pub(super) fn float(&mut self, id: Id, content: Id) -> Outcome {
        match self.string(content) {
            Some(word @ ("NaN" | "Infinity" | "-Infinity")) if self.rules == Rules::Airflow => self.write(word),
            Some("NaN" | "Infinity" | "-Infinity") => return Err(self.refuse(id, "numbers must be finite")),
            _ => return Err(self.refuse(id, "`$float` must be `NaN`, `Infinity` or `-Infinity`")),
        }
        Ok(())
    }

    /// Text that no plain string can hold: a guest gets it from Airflow, but cannot send it back.
    pub(super) fn utf16(&mut self, id: Id, content: Id) -> Outcome {
        let Some(units) = self.units(content) else {
            return Err(self.refuse(id, "`$utf16` must be a list of UTF-16 code units"));
        };
        match String::from_utf16(&units) {
            Ok(text) => write_str(&text, &mut self.walk.out),
            Err(_) if self.rules == Rules::Airflow => write_units(&units, &mut self.walk.out),
            Err(_) => {
                return Err(self.refuse(id, "strings must be valid Unicode, and this one has half a surrogate pair"));
            }
        }
        Ok(())
    }

    pub(super) fn units(&self, content: Id) -> Option<Vec<u16>> {
        let View::List(items) = self.document.view(content) else { return None };
        let unit = |item: &Id| match self.document.view(*item) {
            View::Integer(unit) => unit.parse().ok(),
            _ => None,
        };
        items.iter().map(unit).collect()
    }

    /// Never for a guest, which could make a worker build any allowed class. For the rest only what Airflow's default
    /// `[core] allowed_deserialization_classes` lets in.
    pub(super) fn opaque(&mut self, id: Id, content: Id) -> Outcome {
        if self.rules != Rules::Airflow {
            return Err(self.refuse(id, "an object of a class that only Python can create cannot be sent"));
        }
        let wrong = || self.refuse(id, "not an `$opaque` value that Airflow can read");
        let View::Object(fields) = self.document.view(content) else { return Err(wrong()) };
        let get = |key| self.document.get(fields, key);
        let (Some(name), Some(version), Some(data)) =
            (get("classname").and_then(|name| self.string(name)), get("version"), get("data"))
        else {
            return Err(wrong());
        };
        let mut open = String::new();
        match self.document.view(version) {
            View::Integer(version) if name.starts_with("airflow.") => {
                open.push_str("{\"__classname__\":");
                write_str(name, &mut open);
                open.push_str(&format!(",\"__version__\":{version},\"__data__\":"));
                self.walk.enter(&open, Children::One(data), "}", false);
            }
            View::Null if name == "relativedelta" => {
                self.walk.enter("{\"__var\":", Children::One(data), ",\"__type\":\"relativedelta\"}", false);
            }
            _ => return Err(wrong()),
        }
        Ok(())
    }
}
