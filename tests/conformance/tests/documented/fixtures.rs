//! Recordings without a word on what they are.

use crate::tree::Tree;

const FOLDER: &str = "tests/fixtures/";

/// Files of the folder of recordings that its README does not name, recordings that lie elsewhere, and rows about files
/// that are not there.
pub(crate) fn undescribed(tree: &Tree) -> Vec<String> {
    let readme = tree.text("tests/fixtures/README.md");
    let rows: Vec<(&str, bool)> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` |"))
        .map(|(name, rest)| (name, rest.split('|').filter(|cell| cell.trim().len() > 15).count() == 2))
        .collect();
    let mut problems = Vec::new();
    for path in tree.paths().filter(|path| path.ends_with(".json") && path.contains("/fixtures/")) {
        match path.strip_prefix(FOLDER) {
            None => problems.push(format!("{path}: recordings belong to {FOLDER}")),
            Some(name) if !rows.contains(&(name, true)) => {
                problems.push(format!("{FOLDER}README.md does not say what {name} is and how it was recorded"));
            }
            Some(_) => {}
        }
    }
    for (name, _) in rows.iter().filter(|(name, _)| !tree.has(&format!("{FOLDER}{name}"))) {
        problems.push(format!("{FOLDER}README.md names {name}, which is not there"));
    }
    problems
}

#[test]
fn a_recording_without_a_note_is_found() {
    let problems =
        |readme: &str, path: &str| undescribed(&Tree::of(&[("tests/fixtures/README.md", readme), (path, "{}")])).len();
    let row = "| `a.json` | requests and answers | called in process |";
    assert_eq!(problems(row, "tests/fixtures/a.json"), 0);
    assert_eq!(problems("| `a.json` | requests and answers | |", "tests/fixtures/a.json"), 1);
    assert_eq!(problems("", "tests/fixtures/a.json"), 1);
    assert_eq!(problems("", "host/crates/x/tests/fixtures/a.json"), 1);
    assert_eq!(problems(row, "tests/fixtures/b.json"), 2);
}
