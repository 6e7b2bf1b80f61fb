//! The table against the tree: every row is counted somewhere, nothing else is, and the page is the table's.
#![allow(clippy::unwrap_used, reason = "a test that cannot read the tree has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use metrics_exporter_prometheus::PrometheusBuilder;
use telemetry::table;

const PREFIX: &str = "trigger_host_";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..").canonicalize().unwrap()
}

/// Files below a folder with one of these endings, and their text.
fn files(folder: &Path, endings: &[&str], found: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        let ending = path.extension().unwrap_or_default().to_string_lossy().into_owned();
        if entry.file_type().unwrap().is_dir() {
            files(&path, endings, found);
        } else if endings.contains(&ending.as_str()) {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
}

/// The host's sources, without this package.
fn sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    files(&root().join("host"), &["rs"], &mut found);
    found.retain(|(path, _)| !path.components().any(|part| part.as_os_str() == "telemetry"));
    assert!(found.len() > 200, "the sources of the host: {}", found.len());
    found
}

/// Lines that are code.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim_start().starts_with("//"))
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_')
}

#[test]
fn names_are_unique_and_say_their_unit() {
    let mut names: Vec<_> = table::rows().map(|metric| metric.name).collect();
    for metric in table::rows() {
        assert!(metric.name.starts_with(PREFIX), "{}", metric.name);
        assert_eq!(metric.name.ends_with("_total"), metric.kind == telemetry::Kind::Counter, "{}", metric.name);
        let unit = metric.name.trim_end_matches("_total").rsplit('_').next().unwrap();
        let says = matches!(unit, "seconds" | "bytes").then_some(unit).unwrap_or("count");
        assert_eq!(says, metric.unit.as_str(), "{}", metric.name);
    }
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all, "a name stands twice");
}

#[test]
fn every_row_is_counted_by_somebody() {
    let sources = sources();
    let is_counted = |constant: &str| {
        let users = sources.iter().filter(|(_, text)| text.contains("telemetry::"));
        users.flat_map(|(_, text)| code(text)).any(|line| {
            let mentions = words(line).any(|word| word == constant);
            // An import alone counts nothing.
            mentions && !line.trim_start().starts_with("use ")
        })
    };
    let idle: Vec<_> = table::constants().filter(|(constant, _)| !is_counted(constant)).map(|(name, _)| name).collect();
    assert!(idle.is_empty(), "rows that nobody counts: {idle:?}");
}

#[test]
fn nothing_is_counted_outside_of_the_table() {
    for (path, text) in sources() {
        for line in code(&text) {
            let by_hand = ["counter!", "gauge!", "histogram!"].iter().any(|name| line.contains(name));
            assert!(!by_hand, "{}: count by a row of the table: {line}", path.display());
        }
    }
    let clippy = fs::read_to_string(root().join("clippy.toml")).unwrap();
    for name in ["counter", "gauge", "histogram"] {
        assert!(clippy.contains(&format!("\"metrics::{name}\"")), "clippy refuses metrics::{name}!");
    }
}

#[test]
fn every_metric_that_a_page_or_a_test_names_is_in_the_table() {
    let mut texts = sources();
    files(&root().join("docs"), &["md"], &mut texts);
    let mut named = 0;
    for (path, text) in texts {
        for name in text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| word.starts_with(PREFIX)) {
            // `trigger_host_sdk` and the like are packages; a name that ends in `_` is a prefix.
            if name.ends_with('_') || name.starts_with("trigger_host_sdk") || name.starts_with("trigger_host_airflow") {
                continue;
            }
            let stem = ["_sum", "_count", "_bucket"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
            let is_row = table::rows().any(|metric| metric.name == name || metric.name == stem);
            let is_table = ["trigger_host_checkpoint", "trigger_host_event_key", "trigger_host_types"].contains(&name);
            assert!(is_row || is_table, "{} names `{name}`, which is not a metric", path.display());
            named += usize::from(is_row);
        }
    }
    assert!(named >= table::rows().count(), "{named}");
}

#[test]
fn descriptions_are_registered() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    metrics::with_local_recorder(&recorder, || {
        telemetry::describe();
        table::EVENTS_FIRED.get().increment(2);
        table::COMPONENT_LOADS.with(["cache"]).increment(1);
    });
    let page = handle.render();
    let expected = [
        "# HELP trigger_host_events_fired_total Events that the API has accepted.\n",
        "trigger_host_events_fired_total 2\n",
        "trigger_host_component_loads_total{from=\"cache\"} 1\n",
    ];
    for line in expected {
        assert!(page.contains(line), "{line}{page}");
    }
}

#[test]
fn the_page_is_the_table() {
    let page = fs::read_to_string(root().join("docs/metrics.md")).unwrap_or_default();
    assert!(page == telemetry::reference(), "docs/metrics.md is out of date: run `cargo xtask docs`");
}
