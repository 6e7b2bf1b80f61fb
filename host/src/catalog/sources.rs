//! `[sources.NAME]`: what triggers of shared streams may read.

use airflow_asks::AirflowGrants;
use broker::{GrantParts, HttpGrant};
use settings::document::{Document, Fields};
use sources::{Kind, SourceRefused};

use super::entry::{Reads, SourceEntry};
use super::{guest, rules};

/// Longest name of a source.
const LONGEST_NAME: usize = 100;

/// What reads a source.
#[derive(Clone, Copy)]
enum Reader {
    Kafka,
    Directory,
    Http,
    Component,
}

/// How the catalog names them.
const READERS: [(&str, Reader); 4] = [
    ("kafka", Reader::Kafka),
    ("directory", Reader::Directory),
    ("http", Reader::Http),
    ("component", Reader::Component),
];

/// Reads the table; wrong entries are reported and left out.
pub(super) fn read<'d>(document: &'d Document, root: &mut Fields<'d, '_>) -> Vec<SourceEntry> {
    let mut sources = Vec::new();
    for entry in root.entries("sources") {
        let Some(mut fields) = root.below(&entry.node, "sources") else { continue };
        fields.subject(subject(&entry.key));
        fields.rooted();
        if !is_name(&entry.key) {
            let what = format!("a name must have 1 to {LONGEST_NAME} characters: letters, digits, `.`, `_` and `-`");
            fields.report(entry.line, "", what);
            continue;
        }
        sources.extend(source(document, &entry.key, fields));
    }
    sources
}

/// How problems name the entry of a source.
fn subject(name: &str) -> String {
    format!("source `{}`", name.chars().take(LONGEST_NAME).collect::<String>())
}

fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(plain)
}

fn source(document: &Document, name: &str, mut fields: Fields<'_, '_>) -> Option<SourceEntry> {
    // What the other keys should be depends on it.
    let reader = fields.must_choose("kind", &READERS)?;
    let goes_back = matches!(reader, Reader::Kafka | Reader::Http);
    let rules = fields.table("rules").map(|table| rules::read(table, goes_back)).unwrap_or_default();
    let reads = match reader {
        Reader::Component => component(document, name, fields)?,
        Reader::Kafka => native(name, Kind::Kafka(fields.rest()?), &mut fields)?,
        Reader::Directory => native(name, Kind::Directory(fields.rest()?), &mut fields)?,
        Reader::Http => native(name, Kind::Http(Box::new(fields.rest()?)), &mut fields)?,
    };
    Some(SourceEntry { name: name.to_owned(), reads, rules })
}

fn component(document: &Document, name: &str, mut fields: Fields<'_, '_>) -> Option<Reads> {
    let guest = guest::read(document, subject(name), &mut fields);
    if guest.as_ref().is_some_and(|guest| guest.airflow != AirflowGrants::default()) {
        let line = fields.line_of("grants");
        fields.report(
            line,
            "grants",
            "a source can only be granted `http`: it runs without a task, so it cannot ask Airflow for anything",
        );
    }
    fields.finish();
    guest.map(|guest| Reads::Guest(Box::new(guest)))
}

fn native(name: &str, kind: Kind, fields: &mut Fields<'_, '_>) -> Option<Reads> {
    match kind.check(name) {
        Ok(()) => {}
        Err(SourceRefused::Settings { key, what, .. }) => {
            fields.report(fields.line_of(key), key, what);
            return None;
        }
        Err(error) => {
            let text = error.to_string();
            let what = text.strip_prefix(&format!("{}: ", subject(name))).unwrap_or(&text);
            fields.report(fields.line_of("kind"), "kind", what);
            return None;
        }
    }
    let http = match &kind {
        Kind::Http(settings) => match grant(settings) {
            Ok(grant) => vec![grant],
            Err(what) => {
                fields.report(fields.line_of("url"), "url", what);
                return None;
            }
        },
        Kind::Kafka(_) | Kind::Directory(_) => Vec::new(),
    };
    Some(Reads::Native { kind: Box::new(kind), http })
}

/// What the requests of a long poll may reach: its own URLs and nothing else.
fn grant(settings: &sources::http::Settings) -> Result<HttpGrant, String> {
    let reach = settings.reach();
    let parts = GrantParts {
        origin: reach.origin,
        methods: reach.methods,
        paths: Some(reach.paths),
        connection: settings.connection.as_ref().map(ToString::to_string),
        private: settings.private,
        timeout: Some(reach.timeout),
        ..GrantParts::default()
    };
    HttpGrant::new(parts).map_err(|error| error.to_string())
}
