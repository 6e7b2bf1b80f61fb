//! The data of each class that stands for one value: moments, zones, durations, decimals.

use super::{Decoder, Outcome, Reader};
use crate::class::{CLASSNAME, Class, DATA, TYPE, VAR, VERSION, class_of_tag, summer_time};
use crate::json::{Entry, Id, View, write_str};
use crate::moment::{Moment, Zone, parse_offset};
use crate::number::{MAX_DURATION, finite, python_float, stored_decimal};

impl<'d> Decoder<'d> {
    pub(super) fn date_time(&mut self, id: Id, version: i64, data: Id, pendulum: bool) -> Outcome {
        let fields = match self.document.view(data) {
            View::Object(fields) => fields,
            // BaseSerialization's bare timestamp in UTC.
            View::Integer(at) | View::Float(at) if !pendulum => {
                return self.moment(id, Moment::from_timestamp(at), &Zone::Utc);
            }
            _ => return Err(self.fail(id, "a datetime must be an object")),
        };
        let get = |key| self.document.get(fields, key);
        let moment = get("timestamp").and_then(|at| self.number(at).or_else(|| self.string(at)));
        let moment = moment.and_then(Moment::from_timestamp);
        let zone = match get("tz") {
            Some(zone) if version == 1 => self.first_time_zone(zone),
            Some(zone) => self.time_zone(zone),
            None => Some(Zone::Naive),
        };
        match zone {
            // pendulum reads a naive timestamp as one in UTC.
            Some(Zone::Naive) if pendulum => self.moment(id, moment, &Zone::Utc),
            Some(zone) => self.moment(id, moment, &zone),
            None => Err(self.fail(id, "not a time zone that Airflow can read")),
        }
    }

    /// The zone of a datetime of version 1: a name or an offset.
    pub(super) fn first_time_zone(&self, id: Id) -> Option<Zone> {
        match self.string(id) {
            Some("CEST") => Zone::named("CET"),
            Some(name) => summer_time(name).map_or_else(|| self.zone(id), Zone::offset),
            None => self.zone(id),
        }
    }

    /// The zone of a datetime: null, or a tuple of value, class, version, flag. Airflow does not look at the class.
    pub(super) fn time_zone(&self, id: Id) -> Option<Zone> {
        let items = match self.document.view(id) {
            View::Null => return Some(Zone::Naive),
            View::List(items) => items,
            View::Object(entries) => self.tuple(entries)?,
            _ => return None,
        };
        let [value, _, version, ..] = items else { return None };
        Class::Zone.reads(self.version(*version)?).then(|| self.zone(*value)).flatten()
    }

    /// The items of a tuple in either encoding.
    pub(super) fn tuple(&self, entries: &[Entry]) -> Option<&'d [Id]> {
        let get = |key| self.document.get(entries, key);
        let (name, version, items) = match (get(TYPE), get(VAR)) {
            (Some(tag), Some(content)) => (class_of_tag(self.string(tag)?), 0, content),
            _ => (self.string(get(CLASSNAME)?)?, self.version(get(VERSION)?)?, get(DATA)?),
        };
        match self.document.view(items) {
            View::List(items) if Class::named(name) == Some(Class::Tuple) && Class::Tuple.reads(version) => Some(items),
            _ => None,
        }
    }

    pub(super) fn version(&self, id: Id) -> Option<i64> {
        match self.document.view(id) {
            View::Integer(version) => version.parse().ok(),
            _ => None,
        }
    }

    /// A zone's name or offset.
    pub(super) fn zone(&self, id: Id) -> Option<Zone> {
        match self.document.view(id) {
            View::Text(name) => {
                let name = name.as_str()?;
                match parse_offset(name) {
                    Some(seconds) => Zone::offset(seconds),
                    None => Zone::named(name),
                }
            }
            View::Integer(seconds) => Zone::offset(seconds.parse().ok()?),
            _ => None,
        }
    }

    pub(super) fn zone_value(&mut self, id: Id, content: Id) -> Outcome {
        match self.zone(content) {
            Some(Zone::Offset(seconds)) => self.write(&format!("{{\"$zone\":{seconds}}}")),
            Some(Zone::Named(name)) => return self.tag("$zone", &name),
            Some(Zone::Utc | Zone::Naive) => return self.tag("$zone", "UTC"),
            None => return Err(self.fail(id, "not a time zone")),
        }
        Ok(())
    }

    pub(super) fn moment(&mut self, id: Id, moment: Option<Moment>, zone: &Zone) -> Outcome {
        let Some((text, zone)) = moment.and_then(|moment| moment.text(zone)) else {
            return Err(self.fail(id, "outside the range of Python's datetime"));
        };
        self.write("{\"$datetime\":");
        write_str(&text, &mut self.walk.out);
        if let Some(zone) = zone {
            self.write(",\"zone\":");
            write_str(&zone, &mut self.walk.out);
        }
        self.write("}");
        Ok(())
    }

    pub(super) fn duration(&mut self, id: Id, content: Id) -> Outcome {
        let seconds = match (self.document.view(content), self.reader) {
            (View::Float(seconds), _) | (View::Integer(seconds), Reader::Base) => Some(seconds),
            (View::Text(seconds), Reader::Serde) => seconds.as_str(),
            // Airflow reads no integer here.
            _ => None,
        };
        match seconds.and_then(finite).filter(|seconds| seconds.abs() <= MAX_DURATION) {
            Some(seconds) => self.write(&format!("{{\"$duration\":{}}}", python_float(seconds))),
            None => return Err(self.fail(id, "not a duration that Python can hold")),
        }
        Ok(())
    }

    pub(super) fn decimal(&mut self, id: Id, data: Id) -> Outcome {
        match self.document.view(data) {
            View::Integer(text) | View::Float(text) => self.tag("$decimal", text),
            View::NotFinite(value) => self.tag("$decimal", value.as_str()),
            View::Text(text) => match text.as_str().filter(|text| stored_decimal(text).is_some()) {
                Some(text) => self.tag("$decimal", text),
                None => Err(self.fail(id, "not a decimal number")),
            },
            _ => Err(self.fail(id, "a decimal must be a number or a string")),
        }
    }
}
