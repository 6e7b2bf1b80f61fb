//! From neutral JSON to serde's encoding, refusing what Airflow could not read back or a guest must not make it build.
//! See docs/design/encodings.md#event-payloads.

mod tags;

use std::collections::HashMap;

use trigger_host_types::TriggerKind;

use crate::class::{CLASSNAME, Container, SCHEMA_ID, TYPE, VAR, VERSION};
use crate::error::EncodingError;
use crate::json::{Children, Document, Entry, Id, Key, Text, View, Walk};
use crate::moment::{Zone, parse_date};
use crate::number::{MAX_DIGITS, finite};

/// The most bytes of a guest's value in Airflow's encoding.
pub(super) const MAX_BYTES: usize = 4 * 1024 * 1024;

/// What may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rules {
    /// A guest's value, for this kind of receiver.
    Guest(TriggerKind),
    /// Whatever Airflow itself could have written and can read.
    Airflow,
}

type Outcome<T = ()> = Result<T, EncodingError>;

/// The whole document in serde's encoding.
pub(super) fn encode(document: &Document, rules: Rules) -> Outcome<String> {
    let mut encoder = Encoder { document, rules, walk: Walk::new(document) };
    if rules == Rules::Guest(TriggerKind::Callback) {
        encoder.check_callback()?;
    }
    while let Some((id, hashed)) = encoder.walk.next() {
        encoder.value(id, hashed)?;
        if encoder.walk.out.len() > MAX_BYTES && rules != Rules::Airflow {
            return Err(encoder.refuse(id, format!("the value is larger than {MAX_BYTES} bytes in Airflow's encoding")));
        }
    }
    Ok(encoder.walk.out)
}

struct Encoder<'d> {
    document: &'d Document,
    rules: Rules,
    walk: Walk<'d>,
}

impl<'d> Encoder<'d> {
    fn value(&mut self, id: Id, hashed: bool) -> Outcome {
        match self.document.view(id) {
            View::Null => self.write("null"),
            View::Bool(value) => self.write(if value { "true" } else { "false" }),
            View::Integer(text) if text.len() > MAX_DIGITS => {
                return Err(self.refuse(id, format!("an integer can have at most {MAX_DIGITS} digits")));
            }
            View::Integer(text) => self.write(text),
            View::Float(text) if finite(text).is_some() => self.write(text),
            View::Float(_) | View::NotFinite(_) => return Err(self.refuse(id, "numbers must be finite")),
            View::Text(text) => self.text(id, text)?,
            View::List(_) if hashed => {
                return Err(self.refuse(id, "a set cannot contain a list, which Python cannot hash"));
            }
            View::List(items) => self.walk.enter("[", Children::Items(items), "]", false),
            View::Object(entries) => return self.object(id, entries, hashed),
        }
        Ok(())
    }

    fn object(&mut self, id: Id, entries: &'d [Entry], hashed: bool) -> Outcome {
        let tag = self.document.pairs(entries).find(|(key, _)| key.starts_with("$"));
        match tag {
            None => {
                let pairs = self.document.pairs(entries).map(|(key, value)| (Key::Text(key), value)).collect();
                self.dict(id, pairs, hashed)
            }
            Some((tag, content)) => {
                let zone = self.document.get(entries, "zone");
                let alone = entries.len() == 1;
                match tag.as_str() {
                    Some("$datetime") if alone || (entries.len() == 2 && zone.is_some()) => {
                        self.allow(id, "$datetime")?;
                        self.date_time(id, content, zone)
                    }
                    Some(tag) if alone => self.tagged(id, tag, content, hashed),
                    _ => Err(self.refuse(
                        id,
                        "a tag must be the only key; write a dict with such a key as `{\"$dict\": [[key, value], ..]}`",
                    )),
                }
            }
        }
    }

    fn tagged(&mut self, id: Id, tag: &str, content: Id, hashed: bool) -> Outcome {
        if tag != "$dict" {
            self.allow(id, tag)?;
        }
        match tag {
            "$dict" => {
                let pairs = self.pairs(content)?;
                self.dict(id, pairs, hashed)
            }
            "$tuple" => self.container(id, Container::Tuple, content, hashed),
            "$set" => self.container(id, Container::Set, content, hashed),
            "$frozenset" => self.container(id, Container::FrozenSet, content, hashed),
            "$date" => match self.string(content).filter(|text| parse_date(text).is_some()) {
                Some(text) => self.class("datetime.date", 2, &format!("\"{text}\"")),
                None => Err(self.refuse(id, "`$date` must be a string such as \"2026-01-31\"")),
            },
            "$duration" => self.duration(id, content),
            "$decimal" => self.decimal(id, content),
            "$uuid" => match self.string(content).and_then(|text| uuid::Uuid::try_parse(text).ok()) {
                Some(uuid) => self.class("uuid.UUID", 1, &format!("\"{uuid}\"")),
                None => Err(self.refuse(id, "`$uuid` must be a string of 32 hex digits and hyphens")),
            },
            "$zone" => match self.zone(content) {
                Some(Zone::Offset(seconds)) => self.class(FIXED, 1, &seconds.to_string()),
                Some(Zone::Named(name)) => self.class(NAMED, 1, &format!("\"{name}\"")),
                Some(Zone::Utc | Zone::Naive) => self.class(NAMED, 1, "\"UTC\""),
                None => Err(self.refuse(id, "`$zone` must be a name in the tz database or an offset in seconds")),
            },
            "$float" => self.float(id, content),
            "$utf16" => self.utf16(id, content),
            "$opaque" => self.opaque(id, content),
            _ => {
                let tag: String = tag.chars().take(40).collect();
                let advice = "write a dict with such a key as `{\"$dict\": [[key, value], ..]}`";
                Err(self.refuse(id, format!("unknown tag `{tag}`; {advice}")))
            }
        }
    }

    /// Assets and callbacks take plain JSON only: the server stores the decoded value where nothing else fits.
    fn allow(&self, id: Id, tag: &str) -> Outcome {
        match self.rules {
            Rules::Guest(target @ (TriggerKind::Asset | TriggerKind::Callback)) => {
                let tag: String = tag.chars().take(40).collect();
                Err(self
                    .refuse(id, format!("`{tag}` is not allowed: {} event can hold only plain JSON", Whose(target))))
            }
            _ => Ok(()),
        }
    }

    fn dict(&mut self, id: Id, pairs: Vec<(Key<'d>, Id)>, hashed: bool) -> Outcome {
        if hashed {
            return Err(self.refuse(id, "a set cannot contain a dict, which Python cannot hash"));
        }
        let has = |name| pairs.iter().any(|(key, _)| matches!(key, Key::Text(key) if key.is(name)));
        let reserved = match () {
            () if has(CLASSNAME) => Some("the key `__classname__` is reserved by Airflow"),
            () if has(SCHEMA_ID) => Some("the key `__id__` is reserved by Airflow"),
            () if has(TYPE) && has(VAR) => Some("the keys `__type` and `__var` together are reserved by Airflow"),
            () => None,
        };
        match reserved {
            // Never read as a plain dict, however it is wrapped.
            Some(reserved) if self.rules != Rules::Airflow || (has(CLASSNAME) && has(VERSION)) => {
                return Err(self.refuse(id, reserved));
            }
            // BaseSerialization's wrapping makes them data.
            Some(_) => {
                self.walk.enter("{\"__type\":\"dict\",\"__var\":{", Children::Entries(pairs), "}}", false);
                return Ok(());
            }
            None => {}
        }
        let halved = |key: &Key<'_>| !matches!(key, Key::Text(key) if key.as_str().is_some());
        if self.rules != Rules::Airflow && pairs.iter().any(|(key, _)| halved(key)) {
            return Err(self.refuse(id, "keys must be valid Unicode, and this one has half a surrogate pair"));
        }
        self.walk.enter("{", Children::Entries(pairs), "}", false);
        Ok(())
    }

    /// The pairs of a `$dict`; of equal keys the last one counts.
    fn pairs(&self, content: Id) -> Outcome<Vec<(Key<'d>, Id)>> {
        let wrong = |id| self.refuse(id, "`$dict` must be a list of [string, value] pairs");
        let View::List(items) = self.document.view(content) else { return Err(wrong(content)) };
        let mut places = HashMap::new();
        let mut pairs: Vec<(Key<'d>, Id)> = Vec::with_capacity(items.len());
        for item in items {
            let View::List([key, value]) = self.document.view(*item) else { return Err(wrong(*item)) };
            let (key, spelling) = match self.document.view(*key) {
                View::Text(key) => (Key::Text(key), key.utf16()),
                _ => {
                    // Only what no text can hold: a second spelling of a text could hide Airflow's own keys.
                    let units = self.key_units(*key).filter(|units| String::from_utf16(units).is_err());
                    let units = units.ok_or_else(|| wrong(*item))?;
                    (Key::Units(units.clone()), units)
                }
            };
            let place = *places.entry(spelling).or_insert(pairs.len());
            match pairs.get_mut(place) {
                Some(pair) => pair.1 = *value,
                None => pairs.push((key, *value)),
            }
        }
        Ok(pairs)
    }

    /// The code units of `{"$utf16": [..]}`.
    fn key_units(&self, id: Id) -> Option<Vec<u16>> {
        match self.document.view(id) {
            View::Object(entries) if entries.len() == 1 => self.units(self.document.get(entries, "$utf16")?),
            _ => None,
        }
    }

    fn container(&mut self, id: Id, container: Container, content: Id, hashed: bool) -> Outcome {
        let View::List(items) = self.document.view(content) else {
            return Err(self.refuse(id, "`$tuple`, `$set` and `$frozenset` must hold a list"));
        };
        if hashed && !container.is_hashable() {
            return Err(
                self.refuse(id, "a set cannot contain a set, which Python cannot hash; use `$frozenset` inside")
            );
        }
        self.walk.enter(container.wire(), Children::Items(items), "]}", hashed || container.hashes());
        Ok(())
    }

    fn text(&mut self, id: Id, text: Text<'_>) -> Outcome {
        if text.as_str().is_none() && self.rules != Rules::Airflow {
            return Err(self.refuse(id, "strings must be valid Unicode, and this one has half a surrogate pair"));
        }
        text.write(&mut self.walk.out);
        Ok(())
    }

    /// A callback takes an object with a state, and optionally a body.
    fn check_callback(&self) -> Outcome {
        let root = self.document.root();
        let wrong = || {
            self.refuse(root, "a callback's event must be an object with `state` (`running`, `success` or `failed`) and optionally `body`")
        };
        let View::Object(entries) = self.document.view(root) else { return Err(wrong()) };
        let state = self.document.get(entries, "state").and_then(|state| self.string(state));
        let known = self.document.pairs(entries).all(|(key, _)| key.is("state") || key.is("body"));
        if known && matches!(state, Some("running" | "success" | "failed")) { Ok(()) } else { Err(wrong()) }
    }

    fn class(&mut self, name: &str, version: u8, data: &str) -> Outcome {
        let text = format!(r#"{{"__classname__":"{name}","__version__":{version},"__data__":{data}}}"#);
        self.write(&text);
        Ok(())
    }

    fn string(&self, id: Id) -> Option<&'d str> {
        match self.document.view(id) {
            View::Text(text) => text.as_str(),
            _ => None,
        }
    }

    fn write(&mut self, text: &str) {
        self.walk.out.push_str(text);
    }

    fn refuse(&self, id: Id, what: impl Into<String>) -> EncodingError {
        EncodingError::Refused { at: self.document.place(id), what: what.into() }
    }
}

/// pendulum's zones are sub-classes of the standard library's, so that every reader is content; the same for its
/// datetime.
const NAMED: &str = "pendulum.tz.timezone.Timezone";
const FIXED: &str = "pendulum.tz.timezone.FixedTimezone";

fn zone_tuple(value: &str, class: &str) -> String {
    format!(r#"{{"__classname__":"builtins.tuple","__version__":1,"__data__":[{value},"{class}",1,true]}}"#)
}

/// `a task's`, and so on.
struct Whose(TriggerKind);

impl std::fmt::Display for Whose {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0 {
            TriggerKind::Task => "a task's",
            TriggerKind::Asset => "an asset watcher's",
            TriggerKind::Callback => "a callback's",
        })
    }
}
