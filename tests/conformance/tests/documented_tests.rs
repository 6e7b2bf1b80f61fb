//! The page that says which test shows which behaviour must not name one that is not there.

use std::path::Path;

const PAGE: &str = include_str!("../../../docs/airflow-behaviour.md");

/// `path/to/file.rs::name`, in backticks.
fn named() -> Vec<(&'static str, &'static str)> {
    PAGE.split('`')
        .skip(1)
        .step_by(2)
        .filter_map(|code| code.split_once("::"))
        .filter(|(path, _)| path.contains('/'))
        .collect()
}

#[test]
fn every_named_test_is_in_the_tree() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let missing: Vec<String> = named()
        .into_iter()
        .filter(|(path, name)| {
            let text = std::fs::read_to_string(root.join(path)).unwrap_or_default();
            !text.contains(&format!("fn {name}(")) && !text.contains(&format!("def {name}("))
        })
        .map(|(path, name)| format!("{path}::{name}"))
        .collect();
    assert!(missing.is_empty(), "docs/airflow-behaviour.md names tests that are not there: {missing:#?}");
}

#[test]
fn every_row_names_a_test_or_says_why_there_is_none() {
    let mut sections = 0;
    for (number, line) in PAGE.lines().enumerate() {
        sections += usize::from(line.starts_with("## "));
        let is_row = line.starts_with("| ") && !line.starts_with("| ---") && !line.starts_with("| Airflow |");
        if is_row {
            let shown = line.trim_end_matches(" |").rsplit(" | ").next().unwrap_or_default();
            let says = shown.contains(".rs::") || shown.contains(".py::") || shown.starts_with("not shown: ");
            assert!(says, "docs/airflow-behaviour.md:{}: {line}", number + 1);
        }
    }
    assert!(sections >= 11, "a section for each of the contract's: {sections}");
    assert!(named().len() > 60, "{}", named().len());
}
