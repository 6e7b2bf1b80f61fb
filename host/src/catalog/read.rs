//! Reads the catalog and reports everything that is wrong in the file itself.

use std::path::Path;

use settings::document::{Document, Fields, Value};
use settings::{Problem, Problems};
use trigger_host_types::ClassPath;

use super::entry::{Catalog, Entry, SourceEntry};
use super::{guest, sources};

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
    let (entries, sources) = tables(&document, problems);
    report_two_owners(&document, problems);
    Ok(Catalog { document, entries, sources })
}

fn tables(document: &Document, problems: &mut Problems) -> (Vec<Entry>, Vec<SourceEntry>) {
    let Some(mut root) = Fields::read(document, &document.root, "", problems) else { return Default::default() };
    let entries = root.list("trigger").iter().filter_map(|node| entry(document, root.below(node, "trigger")?));
    let entries = entries.collect();
    let sources = sources::read(document, &mut root);
    root.finish();
    (entries, sources)
}

fn entry(document: &Document, mut fields: Fields<'_, '_>) -> Option<Entry> {
    let (classpath, is_callback) = owner(&mut fields);
    let subject = classpath.as_ref().map(|classpath| subject(classpath.as_str()));
    if let Some(subject) = &subject {
        // The subject says it all: keys are named within the entry.
        fields.subject(subject);
        fields.rooted();
    }
    let guest = guest::read(document, subject.unwrap_or_default(), &mut fields);
    fields.finish();
    Some(Entry { classpath: classpath?, is_callback, guest: guest? })
}

/// How problems name the entry of a class path.
fn subject(classpath: &str) -> String {
    format!("trigger `{classpath}`")
}

/// The one path that the entry is for, and whether it is that of a callback.
fn owner(fields: &mut Fields<'_, '_>) -> (Option<ClassPath>, bool) {
    match (fields.node(CLASSPATH), fields.node(CALLBACK).map(|node| node.line)) {
        (None, Some(_)) => (fields.take(CALLBACK), true),
        (Some(_), Some(line)) => {
            fields.report(line, CALLBACK, "an entry has either `classpath` or `callback`: write two entries");
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
                let what = format!("has two entries, on lines {line} and {}: keep one", key.line);
                problems.error(Problem { subject: Some(subject(classpath)), ..document.problem(key.line, what) });
            }
            None => seen.push((owned, key.line)),
        }
    }
}
