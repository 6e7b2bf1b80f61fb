//! One vector: what the codecs must make of it.

use encodings::json::{Document, Entry, Id, View};
use encodings::{self, EncodingError, Fernet};
use trigger_host_types::TriggerKind;

use super::meaning::{Meaning, meaning};

type Check = Result<(), String>;
type Decode = fn(&str) -> Result<String, EncodingError>;

/// An object of a file's `vectors`.
pub(super) struct Vector<'d> {
    document: &'d Document,
    entries: &'d [Entry],
}

impl<'d> Vector<'d> {
    pub(super) fn new(document: &'d Document, id: Id) -> Option<Self> {
        match document.view(id) {
            View::Object(entries) => Some(Self { document, entries }),
            _ => None,
        }
    }

    pub(super) fn name(&self, at: usize) -> String {
        self.text("name").map_or_else(|| format!("number {at}"), str::to_owned)
    }

    pub(super) fn check(&self) -> Check {
        if self.has("encrypted_kwargs") || self.has("fernet_key") {
            self.kwargs()
        } else if self.has("python_type") {
            self.value(encodings::value_from_wire)
        } else {
            self.value(encodings::base_value_from_wire)
        }
    }

    /// Decrypting must give exactly the recorded text, and the text must survive decoding and encoding; or something
    /// must refuse it.
    fn kwargs(&self) -> Check {
        let keys = Fernet::parse(self.text("fernet_key").unwrap_or_default());
        let Some(stored) = self.text("encrypted_kwargs") else {
            return match (keys, self.text("python_repr").or_else(|| self.text("kwargs_repr"))) {
                (Err(_), _) => Ok(()),
                // The key is good, so the value is what Airflow could not encode.
                (Ok(_), repr) => refuses_literal(repr.unwrap_or_default()),
            };
        };
        let decoded = keys.and_then(|keys| {
            let text = encodings::kwargs_text(stored, &keys)?;
            let neutral = encodings::kwargs_from_wire(stored, &keys)?;
            Ok((text, encodings::value_to_wire(&neutral)?))
        });
        match (self.error(), decoded) {
            (Some(_), Err(_)) => Ok(()),
            (Some(error), Ok((_, wire))) => Err(mismatch(&format!("a refusal, as by Airflow ({error})"), &wire)),
            (None, Err(error)) => Err(mismatch("kwargs", &error.to_string())),
            (None, Ok((text, wire))) => {
                let expected = self.text("kwargs_json_text").unwrap_or_default();
                if text != expected {
                    return Err(mismatch(expected, &text));
                }
                same_meaning(expected, &wire)
            }
        }
    }

    /// Decoding to the neutral form and encoding again must mean the same to Airflow; or something must refuse it.
    fn value(&self, decode: Decode) -> Check {
        let Some(stored) = self.text("encoded_json_text") else {
            return refuses_literal(self.text("python_repr").unwrap_or_default());
        };
        let encoded = decode(stored).and_then(|neutral| {
            let wire = encodings::value_to_wire(&neutral)?;
            Ok((neutral, wire))
        });
        match (self.error(), encoded) {
            (Some(_), Err(_)) => Ok(()),
            (Some(error), Ok((_, wire))) => Err(mismatch(&format!("a refusal, as by Airflow ({error})"), &wire)),
            (None, Err(error)) => Err(mismatch(stored, &error.to_string())),
            (None, Ok((neutral, wire))) => {
                same_meaning(stored, &wire)?;
                // A guest may send less; but what it may send means the same.
                match encodings::payload_to_wire(&neutral, TriggerKind::Task) {
                    Ok(sent) => same_from_guest(stored, sent.get()),
                    Err(_) => Ok(()),
                }
            }
        }
    }

    /// The error that Airflow recorded, whatever it was doing.
    fn error(&self) -> Option<String> {
        let entry = self.document.pairs(self.entries).find(|(key, _)| key.to_lossy().ends_with("_error"))?;
        let kind = match self.document.view(entry.1) {
            View::Object(error) => self.document.get(error, "type").map(|kind| self.document.view(kind)),
            _ => None,
        };
        Some(match kind {
            Some(View::Text(kind)) => kind.to_lossy().into_owned(),
            _ => entry.0.to_lossy().into_owned(),
        })
    }

    fn has(&self, key: &str) -> bool {
        self.document.get(self.entries, key).is_some()
    }

    fn text(&self, key: &str) -> Option<&'d str> {
        match self.document.view(self.document.get(self.entries, key)?) {
            View::Text(text) => text.as_str(),
            _ => None,
        }
    }
}

/// What Airflow cannot encode must be refused where the neutral form can say it at all: as a literal that Python and
/// JSON share.
fn refuses_literal(repr: &str) -> Check {
    match encodings::payload_to_wire(&repr.replace('\'', "\""), TriggerKind::Task) {
        Err(_) => Ok(()),
        Ok(sent) => Err(mismatch("a refusal, as by Airflow", sent.get())),
    }
}

fn same_meaning(expected: &str, got: &str) -> Check {
    match (meaning(expected), meaning(got)) {
        (Some(first), Some(second)) if first == second => Ok(()),
        _ => Err(mismatch(expected, got)),
    }
}

/// A guest never sends a naive datetime.
fn same_from_guest(expected: &str, got: &str) -> Check {
    match (meaning(expected).map(Meaning::in_utc), meaning(got)) {
        (Some(first), Some(second)) if first == second => Ok(()),
        _ => Err(mismatch(expected, got)),
    }
}

fn mismatch(expected: &str, got: &str) -> String {
    let short = |text: &str| match text.char_indices().nth(300) {
        Some((at, _)) => format!("{}… ({} bytes)", &text[..at], text.len()),
        None => text.to_owned(),
    };
    format!("expected {}, got {}", short(expected), short(got))
}
