//! `catalog lock`: writes the digests into the file, comments and form kept.
//!
//! Invariant: the file is replaced as a whole or not at all.

use std::fs;
use std::path::Path;

use toml_edit::{DocumentMut, Item, TableLike, value};
use trigger_host_types::{ClassPath, Digest};

use super::read::{CALLBACK, CLASSPATH};
use super::{components, read};
use crate::problems::{Problem, Problems};

/// What happened to an entry's pin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// There was none.
    Written,
    /// It named other bytes.
    Replaced,
    /// It was right.
    Kept,
}

/// One entry's pin, as it is now.
#[derive(Debug)]
pub(crate) struct Pin {
    /// Whose.
    pub(crate) classpath: ClassPath,
    /// Whether that is the path of a callback.
    is_callback: bool,
    /// Of the component.
    pub(crate) digest: Digest,
    /// What happened.
    pub(crate) change: Change,
}

/// Pins every entry to the component it has now.
///
/// # Errors
/// Everything that is wrong with the catalog but its digests, and components that cannot be read; nothing is written then.
pub(crate) fn lock(path: &Path) -> Result<Vec<Pin>, Problems> {
    let mut problems = Problems::default();
    let catalog = read(path, &mut problems)?;
    // A digest that cannot be read is about to be replaced.
    problems.forget_errors(|problem| problem.key.as_deref() == Some("digest"));
    let mut pins = Vec::new();
    for entry in &catalog.entries {
        match components::file(&entry.component) {
            Ok((_, digest)) => {
                let change = match entry.digest {
                    Some(pinned) if pinned == digest => Change::Kept,
                    Some(_) => Change::Replaced,
                    None => Change::Written,
                };
                let (classpath, is_callback) = (entry.classpath.clone(), entry.is_callback);
                pins.push(Pin { classpath, is_callback, digest, change });
            }
            Err(what) => problems.error(catalog.problem(entry, entry.component_line, "component", what)),
        }
    }
    problems.settle()?;
    if pins.iter().any(|pin| pin.change != Change::Kept) {
        write(path, &catalog.document.source, &pins).map_err(|what| {
            let mut problems = Problems::default();
            problems.error(Problem::file(path, what));
            problems
        })?;
    }
    Ok(pins)
}

fn write(path: &Path, source: &str, pins: &[Pin]) -> Result<(), String> {
    let mut document: DocumentMut = source.parse().map_err(|error| format!("not TOML: {error}"))?;
    let tables: Vec<&mut dyn TableLike> = match document.get_mut("trigger") {
        Some(Item::ArrayOfTables(tables)) => tables.iter_mut().map(|table| table as &mut dyn TableLike).collect(),
        Some(Item::Value(toml_edit::Value::Array(tables))) => tables
            .iter_mut()
            .filter_map(toml_edit::Value::as_inline_table_mut)
            .map(|table| table as &mut dyn TableLike)
            .collect(),
        _ => Vec::new(),
    };
    for table in tables {
        let owner = |pin: &&Pin| {
            let key = if pin.is_callback { CALLBACK } else { CLASSPATH };
            table.get(key).and_then(Item::as_str) == Some(pin.classpath.as_str())
        };
        let Some(pin) = pins.iter().find(owner) else { continue };
        let mut pinned = value(pin.digest.to_string());
        if let (Some(old), Some(new)) = (table.get("digest").and_then(Item::as_value), pinned.as_value_mut()) {
            // The spaces and the comment around the old value.
            *new.decor_mut() = old.decor().clone();
        }
        table.insert("digest", pinned);
    }
    replace(path, &document.to_string()).map_err(|error| format!("cannot write this file: {error}"))
}

/// Writes beside the file and renames, so that a reader sees the old text or the new one.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let path = path.canonicalize()?;
    let beside = path.with_extension(format!("toml.{}", std::process::id()));
    let written = fs::write(&beside, text)
        .and_then(|()| fs::set_permissions(&beside, fs::metadata(&path)?.permissions()))
        .and_then(|()| fs::rename(&beside, &path));
    if written.is_err() {
        // What is left of an attempt is worth nothing; that it cannot be removed changes nothing.
        let _ = fs::remove_file(&beside);
    }
    written
}
