//! Tests that documents name, as `path::name` between backticks, and whether they are there and are run.

use crate::text::{in_backticks, prose};
use crate::tree::{Tree, folder_of};

/// What CI runs by name, although it is ignored otherwise.
const CI: &str = ".ci/run";

/// A test that a document names.
#[derive(Debug)]
pub(crate) struct Named {
    place: String,
    path: String,
    name: String,
}

/// `path::name` of a test.
pub(crate) fn as_test(span: &str) -> Option<(&str, &str)> {
    let (path, name) = span.split_once("::")?;
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let is_path = path.contains('/') && (path.ends_with(".rs") || path.ends_with(".py"));
    (is_name && is_path).then_some((path, name))
}

/// All tests that some document names.
pub(crate) fn find(tree: &Tree) -> Vec<Named> {
    let mut found = Vec::new();
    for (path, text) in tree.texts().filter(|(path, _)| path.ends_with(".md")) {
        for line in prose(path, text) {
            for (file, name) in in_backticks(&line.text).filter_map(as_test) {
                let place = format!("{path}:{}", line.number);
                found.push(Named { place, path: file.to_owned(), name: name.to_owned() });
            }
        }
    }
    found
}

/// What is wrong with those that are named.
pub(crate) fn missing(tree: &Tree, named: &[Named]) -> Vec<String> {
    let wrong = |one: &Named| {
        let what = if one.path.ends_with(".py") { in_python(tree, one) } else { in_rust(tree, one) };
        what.err().map(|what| format!("{}: `{}::{}` {what}", one.place, one.path, one.name))
    };
    named.iter().filter_map(wrong).collect()
}

fn in_python(tree: &Tree, named: &Named) -> Result<(), &'static str> {
    let file = named.path.rsplit('/').next().unwrap_or_default();
    if !file.starts_with("test_") {
        return Err("is in a file that pytest does not collect");
    }
    let lines: Vec<&str> = tree.text(&named.path).lines().collect();
    let begins = |line: &str| {
        let line = line.strip_prefix("async ").unwrap_or(line);
        line.strip_prefix("def ")
            .and_then(|rest| rest.strip_prefix(named.name.as_str()))
            .is_some_and(|rest| rest.starts_with('('))
    };
    let at = lines.iter().position(|line| begins(line)).ok_or("is not there")?;
    let above = lines[..at].iter().rev().take_while(|line| line.starts_with(['@', '#', ' ', ')']));
    if above.clone().any(|line| line.starts_with("@pytest.mark.skip(") || line.starts_with("@pytest.mark.xfail")) {
        return Err("is skipped");
    }
    if named.name.starts_with("test_") { Ok(()) } else { Err("is not a test") }
}

fn in_rust(tree: &Tree, named: &Named) -> Result<(), &'static str> {
    let lines: Vec<&str> = tree.text(&named.path).lines().map(str::trim).collect();
    let begins = |line: &&str| {
        let line = line.strip_prefix("pub ").unwrap_or(line);
        let line = line.strip_prefix("async ").unwrap_or(line);
        line.strip_prefix("fn ")
            .and_then(|rest| rest.strip_prefix(named.name.as_str()))
            .is_some_and(|rest| rest.starts_with('('))
    };
    let at = lines.iter().position(begins).ok_or("is not there")?;
    let above: Vec<&&str> =
        lines[..at].iter().rev().take_while(|line| line.starts_with("#[") || line.starts_with("//")).collect();
    let has = |starts: &[&str]| above.iter().any(|line| starts.iter().any(|start| line.starts_with(start)));
    if !has(&["#[test]", "#[tokio::test"]) {
        return Err("is not a test");
    }
    if has(&["#[ignore"]) && !tree.text(CI).contains(named.name.as_str()) {
        return Err("is ignored, and CI does not run it by name");
    }
    if has(&["#[cfg("]) {
        return Err("is compiled under a condition of its own");
    }
    if is_compiled(tree, &named.path) { Ok(()) } else { Err("is in a file that no module declares") }
}

/// Whether a file is the root of a program or test, or some file declares it as a module.
fn is_compiled(tree: &Tree, path: &str) -> bool {
    let (folder, file) = (folder_of(path), path.rsplit('/').next().unwrap_or_default());
    if matches!(file, "lib.rs" | "main.rs")
        || folder.ends_with("/tests") && tree.has(&format!("{}/Cargo.toml", folder_of(folder)))
    {
        return true;
    }
    let (folder, name) = if file == "mod.rs" {
        (folder_of(folder), folder.rsplit('/').next().unwrap_or_default())
    } else {
        (folder, file.trim_end_matches(".rs"))
    };
    let declares = |line: &str| {
        let line = line.trim();
        let line = line
            .rsplit_once(") ")
            .map_or(line, |(visible, rest)| if visible.starts_with("pub(") { rest } else { line });
        line.strip_prefix("pub ").unwrap_or(line) == format!("mod {name};")
    };
    ["mod.rs", "lib.rs", "main.rs"]
        .iter()
        .map(|parent| format!("{folder}/{parent}"))
        .find(|parent| tree.text(parent).lines().any(declares))
        .is_some_and(|parent| is_compiled(tree, &parent))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "| row | `a/tests/it/x.rs::works` |";

    fn problems(source: &str, root: &str, ci: &str) -> Vec<String> {
        let tree = Tree::of(&[("d.md", PAGE), ("a/tests/it/x.rs", source), ("a/tests/it/main.rs", root), (CI, ci)]);
        missing(&tree, &find(&tree))
    }

    #[test]
    fn a_rust_test_that_is_not_run_is_found() {
        let good = "/// Why.\n#[tokio::test(start_paused = true)]\nasync fn works() {";
        assert_eq!(problems(good, "mod x;", ""), Vec::<String>::new());
        assert_eq!(
            problems("#[test]\n#[ignore = \"slow\"]\nfn works() {", "mod x;", "cargo test works"),
            Vec::<String>::new()
        );
        for (source, root, what) in [
            ("#[test]\nfn other() {", "mod x;", "is not there"),
            ("// fn works() {", "mod x;", "is not there"),
            ("fn works() {", "mod x;", "is not a test"),
            ("#[test]\nfn other() {}\n\nfn works() {", "mod x;", "is not a test"),
            ("#[test]\n#[ignore = \"slow\"]\nfn works() {", "mod x;", "is ignored"),
            ("#[test]\n#[cfg(any())]\nfn works() {", "mod x;", "under a condition"),
            (good, "mod y;", "no module declares"),
            (good, "// mod x;", "no module declares"),
        ] {
            let found = problems(source, root, "");
            assert!(found.len() == 1 && found[0].contains(what), "{what}: {found:?}");
        }
        let missing_file = Tree::of(&[("d.md", PAGE)]);
        assert_eq!(missing(&missing_file, &find(&missing_file)).len(), 1);
    }

    #[test]
    fn a_python_test_that_is_not_run_is_found() {
        let problems = |path: &str, source: &str| {
            let page = format!("see `{path}::test_works`");
            let tree = Tree::of(&[("d.md", &page), (path, source)]);
            missing(&tree, &find(&tree)).len()
        };
        assert_eq!(problems("a/test_x.py", "@pytest.mark.parametrize(\"a\", [1])\ndef test_works(a):"), 0);
        assert_eq!(problems("a/test_x.py", "# def test_works():"), 1);
        assert_eq!(problems("a/test_x.py", "@pytest.mark.skip(\"no\")\ndef test_works():"), 1);
        assert_eq!(problems("a/test_x.py", "def test_works_not():"), 1);
        assert_eq!(problems("a/x.py", "def test_works():"), 1);
    }
}
