//! The texts of errors that only this package can see, on the page `settings-tables` of `tests/texts`.

use serde::Deserialize;
use serde::de::Error as _;
use texts::{Section, check, examples};

use crate::document::{Document, Fields, Misfit};
use crate::problems::Problems;

/// A table whose type lives elsewhere.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[expect(dead_code, reason = "only its errors matter")]
struct Kept {
    path: String,
    #[serde(default)]
    number: u8,
    #[serde(default)]
    list: Vec<String>,
    #[serde(default)]
    choice: Option<Choice>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Choice {
    First,
    Second,
}

/// What is wrong with a table of this text.
fn problems(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kept.toml");
    std::fs::write(&path, text).unwrap();
    let mut document = Document::read(&path).unwrap();
    document.path = "kept.toml".into();
    let mut problems = Problems::default();
    let mut fields = Fields::read(&document, &document.root, "", &mut problems).unwrap();
    assert!(fields.rest::<Kept>().is_none(), "{text}");
    problems.to_string()
}

#[test]
fn texts_of_tables() {
    let tables = [
        "number = 1",
        "path = 7",
        "path = \"a\"\nnumber = \"x\"",
        "path = \"a\"\nnumber = 300",
        "path = \"a\"\nlist = \"x\"",
        "path = \"a\"\nlist = [1]",
        "path = \"a\"\nchoice = \"third\"",
        "path = \"a\"\nchoice = 1",
        "path = \"a\"\npat = 1",
        "path = \"a\"\ncolour = 1",
    ];
    let tables = tables.map(|text| (text.replace('\n', ", "), problems(text)));
    check(
        "settings-tables",
        &[examples("settings::Misfit", [("any", Misfit::custom("any text"))]), Section::new("tables", tables)],
    );
}
