//! From Airflow's encodings to neutral JSON. Accepts plain JSON, serde's objects and BaseSerialization's at any level;
//! keeps a class it does not know as `$opaque`. See docs/design/encodings.md#values.

mod values;

use crate::class::{CLASSNAME, Class, Container, DATA, TYPE, VAR, VERSION, class_of_tag};
use crate::error::EncodingError;
use crate::json::{Children, Document, Entry, Id, Key, NotFinite, Text, View, Walk, write_neutral_text, write_str};
use crate::moment::parse_date;
use crate::number::finite;

/// Which of Airflow's readers would read the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// serde, which knows only five of BaseSerialization's tags.
    Serde,
    /// BaseSerialization.
    Base,
}

type Outcome<T = ()> = Result<T, EncodingError>;

/// The whole document as neutral JSON.
pub(super) fn decode(document: &Document, reader: Reader) -> Outcome<String> {
    let mut decoder = Decoder { document, reader, walk: Walk::new(document) };
    while let Some((id, hashed)) = decoder.walk.next() {
        decoder.value(id, hashed)?;
    }
    Ok(decoder.walk.out)
}

/// Whether the whole is one BaseSerialization dict.
pub(super) fn is_base_dict(document: &Document) -> bool {
    match document.view(document.root()) {
        View::Object(entries) => {
            let tag = document.get(entries, TYPE).map(|tag| document.view(tag));
            document.get(entries, VAR).is_some() && matches!(tag, Some(View::Text(tag)) if tag.is("dict"))
        }
        _ => false,
    }
}

struct Decoder<'d> {
    document: &'d Document,
    reader: Reader,
    walk: Walk<'d>,
}

impl<'d> Decoder<'d> {
    fn value(&mut self, id: Id, hashed: bool) -> Outcome {
        match self.document.view(id) {
            View::Null => self.write("null"),
            View::Bool(value) => self.write(if value { "true" } else { "false" }),
            View::Integer(text) => self.write(text),
            View::Float(text) if finite(text).is_some() => self.write(text),
            // Python reads what is too large for a double as infinite.
            View::Float(text) if text.starts_with('-') => self.not_finite(NotFinite::MinusInfinity),
            View::Float(_) => self.not_finite(NotFinite::Infinity),
            View::NotFinite(value) => self.not_finite(value),
            View::Text(text) => write_neutral_text(text, &mut self.walk.out),
            View::List(_) if hashed => return Err(self.fail(id, "a set cannot contain a list")),
            View::List(items) => self.walk.enter("[", Children::Items(items), "]", false),
            View::Object(entries) => return self.object(id, entries, hashed),
        }
        Ok(())
    }

    fn object(&mut self, id: Id, entries: &'d [Entry], hashed: bool) -> Outcome {
        let get = |key| self.document.get(entries, key);
        match (get(TYPE), get(VAR)) {
            (Some(tag), Some(content)) => self.tagged(id, tag, content, hashed),
            _ => self.class_or_dict(id, entries, hashed),
        }
    }

    /// serde takes an object for a class only when it has a version, too.
    fn class_or_dict(&mut self, id: Id, entries: &'d [Entry], hashed: bool) -> Outcome {
        let get = |key| self.document.get(entries, key);
        match (get(CLASSNAME), get(VERSION)) {
            (Some(name), Some(version)) => self.class(id, name, version, get(DATA), hashed),
            _ if hashed => Err(self.fail(id, "a set cannot contain a dict")),
            _ => {
                let pairs: Vec<(Text<'d>, Id)> = self.document.pairs(entries).collect();
                let odd = |key: Text<'_>| key.starts_with("$") || key.as_str().is_none();
                if pairs.iter().any(|(key, _)| odd(*key)) {
                    self.walk.enter("{\"$dict\":[", Children::Pairs(pairs), "]]}", false);
                } else {
                    let entries = pairs.into_iter().map(|(key, value)| (Key::Text(key), value)).collect();
                    self.walk.enter("{", Children::Entries(entries), "}", false);
                }
                Ok(())
            }
        }
    }

    /// An object of BaseSerialization.
    fn tagged(&mut self, id: Id, tag: Id, content: Id, hashed: bool) -> Outcome {
        let View::Text(tag) = self.document.view(tag) else { return Err(self.fail(id, "`__type` must be a string")) };
        let Some(tag) = tag.as_str() else { return Err(self.fail(id, "`__type` must be a name")) };
        if tag == "dict" {
            // What is inside is data, whatever its keys.
            return match self.document.view(content) {
                View::Object(entries) => self.class_or_dict(content, entries, hashed),
                _ => Err(self.fail(id, "a `dict` must hold an object")),
            };
        }
        match (self.reader, Class::named(class_of_tag(tag))) {
            (_, Some(class)) => self.known(id, class, 0, content, hashed),
            (Reader::Base, None) if tag == "timezone" => self.zone_value(id, content),
            (Reader::Base, None) => {
                self.opaque(tag, "null", Some(content));
                Ok(())
            }
            (Reader::Serde, None) => Err(self.fail(id, "not a `__type` that Airflow can read here")),
        }
    }

    /// An object of serde.
    fn class(&mut self, id: Id, name: Id, version: Id, data: Option<Id>, hashed: bool) -> Outcome {
        let name = match self.document.view(name) {
            View::Text(name) => name.as_str().filter(|name| !name.is_empty()),
            _ => None,
        };
        let Some(name) = name else { return Err(self.fail(id, "`__classname__` must be a class name")) };
        let Some(version) = self.version(version) else {
            return Err(self.fail(id, "`__version__` must be an integer"));
        };
        match (Class::named(name), data) {
            (None, _) => {
                self.opaque(name, &version.to_string(), data);
                Ok(())
            }
            (Some(_), None) => Err(self.fail(id, "a class must have `__data__`")),
            (Some(class), Some(data)) => self.known(id, class, version, data, hashed),
        }
    }

    fn known(&mut self, id: Id, class: Class, version: i64, data: Id, hashed: bool) -> Outcome {
        if !class.reads(version) {
            return Err(self.fail(id, "no known Airflow reads this version of the class"));
        }
        match class {
            Class::Tuple => self.container(id, Container::Tuple, data, hashed),
            Class::Set => self.container(id, Container::Set, data, hashed),
            Class::FrozenSet => self.container(id, Container::FrozenSet, data, hashed),
            Class::DateTime { pendulum } => self.date_time(id, version, data, pendulum),
            Class::Date => match self.string(data).filter(|text| parse_date(text).is_some()) {
                Some(text) => self.tag("$date", text),
                None => Err(self.fail(id, "not a date")),
            },
            Class::Duration => self.duration(id, data),
            Class::Zone => self.zone_value(id, data),
            Class::Uuid => match self.string(data).and_then(|text| uuid::Uuid::try_parse(text).ok()) {
                Some(uuid) => self.tag("$uuid", &uuid.to_string()),
                None => Err(self.fail(id, "not a UUID")),
            },
            Class::Decimal => self.decimal(id, data),
        }
    }

    fn container(&mut self, id: Id, container: Container, content: Id, hashed: bool) -> Outcome {
        let View::List(items) = self.document.view(content) else {
            return Err(self.fail(id, "a tuple or set must hold a list"));
        };
        if hashed && !container.is_hashable() {
            return Err(self.fail(id, "a set cannot contain a set"));
        }
        self.walk.enter(container.neutral(), Children::Items(items), "]}", hashed || container.hashes());
        Ok(())
    }

    fn opaque(&mut self, name: &str, version: &str, data: Option<Id>) {
        let mut open = String::from("{\"$opaque\":{\"classname\":");
        write_str(name, &mut open);
        open.push_str(&format!(",\"version\":{version},\"data\":"));
        match data {
            Some(data) => self.walk.enter(&open, Children::One(data), "}}", false),
            None => self.write(&(open + "null}}")),
        }
    }

    fn not_finite(&mut self, value: NotFinite) {
        self.write(&format!("{{\"$float\":\"{}\"}}", value.as_str()));
    }

    fn tag(&mut self, tag: &str, content: &str) -> Outcome {
        self.write(&format!("{{\"{tag}\":"));
        write_str(content, &mut self.walk.out);
        self.write("}");
        Ok(())
    }

    fn number(&self, id: Id) -> Option<&'d str> {
        match self.document.view(id) {
            View::Integer(text) | View::Float(text) => Some(text),
            _ => None,
        }
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

    fn fail(&self, id: Id, what: &str) -> EncodingError {
        EncodingError::Wire { at: self.document.place(id), what: what.into() }
    }
}
