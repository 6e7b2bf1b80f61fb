//! One line of a log file: strict JSON in the order of Airflow's own. See docs/design/encodings.md#log-lines.

use std::borrow::Cow;

use serde::ser::{SerializeMap as _, Serializer as _};
use serde_json::Value;
use trigger_host_types::log::{self, Level, MOST_MESSAGE, Source};

use crate::Task;
use crate::mask::Masker;

/// `logger` of what the host itself writes.
const OWN: &str = "trigger_host";

/// The content of a line, and who wrote it.
#[derive(Debug, Clone)]
pub(crate) enum Words {
    /// Written by a guest.
    Guest(log::Line),
    /// Written by the host.
    Host(Note),
}

/// A line of the host itself.
#[derive(Debug, Clone)]
pub struct Note {
    /// How severe it is.
    pub level: Level,
    /// One line of text.
    pub event: String,
    /// Further values, by name.
    pub fields: Vec<(&'static str, Value)>,
}

impl Words {
    /// About how many bytes of memory it occupies.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Guest(line) => {
                line.message.len() + line.fields.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>()
            }
            Self::Host(note) => {
                let text = |value: &Value| value.as_str().map_or(16, str::len);
                note.event.len() + note.fields.iter().map(|(name, value)| name.len() + text(value)).sum::<usize>()
            }
        }
    }

    /// Whether a guest has written it.
    pub(crate) const fn is_guest(&self) -> bool {
        matches!(self, Self::Guest(_))
    }
}

/// The line, with its end. `at` in microseconds since the epoch.
pub(crate) fn line(at: i64, task: &Task, words: &Words, masker: &Masker) -> Vec<u8> {
    let mut line = Vec::with_capacity(512);
    // Writing to memory cannot fail, and every key is a text.
    let _ = write(&mut line, at, task, words, masker);
    line.push(b'\n');
    line
}

fn write(to: &mut Vec<u8>, at: i64, task: &Task, words: &Words, masker: &Masker) -> Result<(), serde_json::Error> {
    let mut serializer = serde_json::Serializer::new(to);
    let mut map = serializer.serialize_map(None)?;
    map.serialize_entry("timestamp", &timestamp(at))?;
    let (level, event, logger) = match words {
        Words::Guest(line) => (line.level, masked(masker, &line.message), logger(line.source)),
        Words::Host(note) => (note.level, masker.mask(&note.event), OWN),
    };
    map.serialize_entry("level", &level)?;
    map.serialize_entry("event", &event)?;
    let of = &task.instance;
    map.serialize_entry("ti_id", &task.id)?;
    map.serialize_entry("dag_id", &of.dag_id)?;
    map.serialize_entry("task_id", &of.task_id)?;
    map.serialize_entry("run_id", &of.run_id)?;
    map.serialize_entry("try_number", &of.try_number)?;
    map.serialize_entry("map_index", &of.map_index)?;
    map.serialize_entry("logger", logger)?;
    match words {
        Words::Guest(line) => {
            for (name, value) in &line.fields {
                map.serialize_entry(&masker.mask(name), &field(masker, value))?;
            }
        }
        Words::Host(note) => {
            for (name, value) in &note.fields {
                map.serialize_entry(name, &masker.mask_json(value.clone()))?;
            }
        }
    }
    map.end()
}

/// A guest's text may have been cut in the middle of a secret.
fn masked<'t>(masker: &Masker, text: &'t str) -> Cow<'t, str> {
    if text.len() + 4 > MOST_MESSAGE { masker.mask_cut(text) } else { masker.mask(text) }
}

/// The JSON text of a guest's field, masked. The sandbox has checked that it is JSON.
fn field(masker: &Masker, text: &str) -> Value {
    let value = serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()));
    masker.mask_json(value)
}

const fn logger(source: Source) -> &'static str {
    match source {
        Source::Guest => "guest",
        Source::Stdout => "guest.stdout",
        Source::Stderr => "guest.stderr",
    }
}

/// RFC 3339 in UTC with microseconds and `Z`.
fn timestamp(at: i64) -> String {
    let at = jiff::Timestamp::from_microsecond(at).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}
