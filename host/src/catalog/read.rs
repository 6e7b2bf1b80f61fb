//! Reads the catalog and reports everything that is wrong in the file itself.

use std::path::{Path, PathBuf};

use trigger_host_types::{ClassPath, Digest};

use super::entry::{Catalog, Entry, subject};
use super::{grants, limits};
use crate::document::{Document, Fields, Value, Wanted};
use crate::problems::{Problem, Problems};

/// The key of an entry for a class path.
pub(super) const CLASSPATH: &str = "classpath";
/// The key of an entry for the path of a callback's function.
pub(super) const CALLBACK: &str = "callback";

/// Reads a catalog. What is wrong goes to `problems`; wrong entries are left out.
///
/// # Errors
/// The file cannot be read or is not TOML.
pub(crate) fn read(path: &Path, problems: &mut Problems) -> Result<Catalog, Problems> {
    let document = Document::read(path)?;
    let entries = entries(&document, problems);
    report_two_owners(&document, problems);
    Ok(Catalog { document, entries })
}

fn entries(document: &Document, problems: &mut Problems) -> Vec<Entry> {
    let Some(mut root) = Fields::of(document, &document.root, "", problems) else { return Vec::new() };
    let entries = root.list("trigger").iter().filter_map(|node| entry(document, root.below(node, "trigger")?));
    let entries = entries.collect();
    root.finish();
    entries
}

fn entry(document: &Document, mut fields: Fields<'_, '_>) -> Option<Entry> {
    let (classpath, is_callback) = owner(&mut fields);
    if let Some(classpath) = &classpath {
        // The subject says it all: keys are named within the entry.
        fields.subject(subject(classpath.as_str()));
        fields.rooted();
    }
    let component_line = fields.node("component").map(|node| node.line);
    let component = fields.required::<PathBuf>("component");
    let digest_line = fields.node("digest").map(|node| node.line);
    let digest = fields.take::<Digest>("digest");
    let (http, runtime) = fields.table("grants").map(grants::read).unwrap_or_default();
    let limits = fields.table("limits").map(limits::read).unwrap_or_default();
    let line = fields.line();
    fields.finish();
    Some(Entry {
        classpath: classpath?,
        is_callback,
        line,
        component: document.path.parent().unwrap_or_else(|| Path::new("")).join(component?),
        component_line: component_line?,
        digest,
        digest_line,
        http,
        runtime,
        limits,
    })
}

/// The one path that the entry is for, and whether it is that of a callback.
fn owner(fields: &mut Fields<'_, '_>) -> (Option<ClassPath>, bool) {
    match (fields.node(CLASSPATH), fields.node(CALLBACK).map(|node| node.line)) {
        (None, Some(_)) => (fields.take(CALLBACK), true),
        (Some(_), Some(line)) => {
            fields.report(line, CALLBACK, "an entry is for a class path or for a callback: make two of it");
            (fields.take(CLASSPATH), false)
        }
        (_, None) => (fields.required(CLASSPATH), false),
    }
}

/// Looks at the file and not at the entries, so that an entry with another mistake still counts as an owner.
fn report_two_owners(document: &Document, problems: &mut Problems) {
    let Value::Table(root) = &document.root.value else { return };
    let owners = root.0.iter().filter(|entry| entry.key == "trigger").flat_map(|entry| match &entry.node.value {
        Value::List(items) => items.as_slice(),
        _ => &[],
    });
    let mut seen: Vec<((&str, &str), usize)> = Vec::new();
    for owner in owners {
        let Value::Table(keys) = &owner.value else { continue };
        let Some(key) = keys.0.iter().find(|entry| matches!(entry.key.as_str(), CLASSPATH | CALLBACK)) else {
            continue;
        };
        let Value::Text(classpath) = &key.node.value else { continue };
        let owned = (key.key.as_str(), classpath.as_str());
        match seen.iter().find(|(earlier, _)| *earlier == owned) {
            Some((_, line)) => {
                let what = format!("has two owners, on lines {line} and {}: keep one", key.line);
                problems.error(Problem { subject: Some(subject(classpath)), ..document.problem(key.line, what) });
            }
            None => seen.push((owned, key.line)),
        }
    }
}

impl Wanted for ClassPath {
    const EXPECTED: &'static str = "a class path such as \"package.module.Class\"";

    fn from_value(value: &Value) -> Option<Self> {
        let Value::Text(text) = value else { return None };
        let odd = |c: char| c.is_whitespace() || c.is_control();
        (!text.is_empty() && text.len() <= 1000 && !text.contains(odd)).then(|| Self::from(text.as_str()))
    }
}

impl Wanted for Digest {
    const EXPECTED: &'static str = "`sha256:` and 64 lower-case hex digits (`trigger-host catalog lock` writes it)";

    fn from_value(value: &Value) -> Option<Self> {
        let Value::Text(text) = value else { return None };
        text.parse().ok()
    }
}
