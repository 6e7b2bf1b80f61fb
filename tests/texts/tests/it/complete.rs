//! Whether every error type of the host and of the SDK is on a page.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Package and name of a type, such as `broker` and `GrantError`.
type Name = (String, String);

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Packages whose error types are not all on a page yet. One that is not here must be complete.
const INCOMPLETE: [&str; 10] = [
    "airflow_asks",
    "encodings",
    "matching",
    "sandbox",
    "settings",
    "sources",
    "stream_rules",
    "streams",
    "supervisor",
    "trigger_host_sdk",
];

/// The folders of packages whose errors a user can see.
fn packages() -> Vec<PathBuf> {
    let crates = fs::read_dir(root().join("host/crates")).unwrap().map(|entry| entry.unwrap().path());
    crates
        .chain([root().join("host"), root().join("guest-sdk/rust")])
        .filter(|path| path.join("src").is_dir())
        .collect()
}

fn package_name(folder: &Path) -> String {
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    let line = manifest.lines().find_map(|line| line.strip_prefix("name = \"")).unwrap();
    line.trim_end_matches('"').replace('-', "_")
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            found.extend(sources(&entry));
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            found.push(entry);
        }
    }
    found
}

/// The types of a source that derive or implement `Error`.
fn errors(source: &str) -> BTreeSet<String> {
    let mut errors = BTreeSet::new();
    let mut is_derived = false;
    for line in source.lines().map(str::trim) {
        if line.starts_with("#[derive(") {
            is_derived = line.contains("thiserror::Error");
        }
        let declared = line.split("enum ").nth(1).or_else(|| line.split("struct ").nth(1));
        if let (true, false, Some(declared)) = (is_derived, line.starts_with("//"), declared) {
            errors.insert(first_word(declared));
            is_derived = false;
        }
        if let Some((implemented, of)) = line.strip_prefix("impl ").and_then(|line| line.split_once(" for "))
            && implemented.rsplit("::").next() == Some("Error")
        {
            errors.insert(first_word(of));
        }
    }
    errors
}

fn first_word(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

/// The types that have a section on a page.
fn shown() -> BTreeSet<Name> {
    let mut shown = BTreeSet::new();
    for page in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots")).unwrap() {
        let text = fs::read_to_string(page.unwrap().path()).unwrap();
        for name in text.lines().filter_map(|line| line.strip_prefix("# ")) {
            if let (Some((package, _)), Some((_, name))) = (name.split_once("::"), name.rsplit_once("::")) {
                shown.insert((package.to_owned(), name.to_owned()));
            }
        }
    }
    shown
}

#[test]
fn every_error_type_is_on_a_page() {
    let mut declared = BTreeSet::new();
    for package in packages() {
        let name = package_name(&package);
        for source in sources(&package.join("src")) {
            let errors = errors(&fs::read_to_string(&source).unwrap());
            declared.extend(errors.into_iter().map(|error| (name.clone(), error)));
        }
    }
    assert!(declared.contains(&("broker".into(), "GrantError".into())), "the types were found: {declared:?}");
    let shown = shown();
    let missing = declared.difference(&shown).filter(|(package, _)| !INCOMPLETE.contains(&package.as_str()));
    let missing: Vec<_> = missing.collect();
    assert!(missing.is_empty(), "no page shows these: add a section (`texts::every!`): {missing:#?}");
    let gone: Vec<_> = shown.difference(&declared).collect();
    assert!(gone.is_empty(), "these are on a page, but not in the sources: {gone:#?}");
}

#[test]
fn types_are_found_however_they_are_errors() {
    let source = "#[derive(Debug, thiserror::Error)]\n#[error(\"x\")]\npub(crate) struct A(String);\n#[derive(Debug)]\npub struct B;\n\
        impl std::error::Error for B {}\nimpl Error for C {}\n#[derive(thiserror::Error)]\n/// Doc.\npub enum D {\nimpl Display for E {";
    assert_eq!(errors(source), ["A", "B", "C", "D"].map(str::to_owned).into());
}
