//! `[sources.NAME]`: what triggers of shared streams may read.

use airflow_asks::AirflowGrants;
use broker::{GrantParts, HttpGrant};
use serde::de::DeserializeOwned;
use settings::document::{Document, Fields};
use sources::{Keys, Kind, Reach, Settings, SourceRefused};

use super::entry::{Reads, SourceEntry};
use super::{guest, rules};

/// Longest name of a source.
const LONGEST_NAME: usize = 100;

/// Who reads a source: what its `kind` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reader {
    Host(Kind),
    Component,
}

/// How the catalog names them.
fn readers() -> Vec<(&'static str, Reader)> {
    let native = Kind::ALL.map(|kind| (kind.as_str(), Reader::Host(kind)));
    native.into_iter().chain([("component", Reader::Component)]).collect()
}

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

/// The keys of an entry that nobody took, for the settings of its kind.
struct Rest<'f, 'd, 'p>(&'f mut Fields<'d, 'p>);

impl Keys for Rest<'_, '_, '_> {
    fn read<T: DeserializeOwned>(&mut self) -> Option<T> {
        self.0.rest()
    }
}

fn source(document: &Document, name: &str, mut fields: Fields<'_, '_>) -> Option<SourceEntry> {
    // What the other keys should be depends on it.
    let reader = fields.must_choose("kind", &readers())?;
    let goes_back = matches!(reader, Reader::Host(kind) if kind.goes_back());
    let rules = fields.table("rules").map(|table| rules::read(table, goes_back)).unwrap_or_default();
    let reads = match reader {
        Reader::Component => component(document, name, fields)?,
        Reader::Host(kind) => native(name, kind.read(&mut Rest(&mut fields))?, &mut fields)?,
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

fn native(name: &str, settings: Settings, fields: &mut Fields<'_, '_>) -> Option<Reads> {
    match settings.check(name) {
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
    let http = match settings.reach().map(grant).transpose() {
        Ok(grant) => Vec::from_iter(grant),
        Err(what) => {
            fields.report(fields.line_of("url"), "url", what);
            return None;
        }
    };
    Some(Reads::Native { settings: Box::new(settings), http })
}

/// What the requests of a source may reach: its own URLs and nothing else.
fn grant(reach: Reach) -> Result<HttpGrant, String> {
    let parts = GrantParts {
        origin: reach.origin,
        methods: reach.methods,
        paths: Some(reach.paths),
        connection: reach.connection.map(|connection| connection.to_string()),
        private: reach.private,
        timeout: Some(reach.timeout),
        ..GrantParts::default()
    };
    HttpGrant::new(parts).map_err(|error| error.to_string())
}
