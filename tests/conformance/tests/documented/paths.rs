//! Files that comments and documents speak of: each has to be in the tree.
//!
//! Two kinds of words are looked at: those that begin with a folder of the root, and names of documents and sources.
//! The latter may be as short as a file's name, or be seen from the folder or the package of the file that speaks of
//! them.

use crate::links::follow;
use crate::text::{in_backticks, prose};
use crate::tree::{Tree, folder_of, resolve};

/// Endings of what can only be a file of a repository.
const ENDINGS: [&str; 4] = [".rs", ".md", ".py", ".wit"];

/// The folder of packages is often named without the one above it.
const PACKAGES: &str = "crates/";

/// Files that are not of this tree.
const OTHERS: [&str; 3] = [
    // What `cargo xtask guests` builds.
    "sample-triggers/components",
    // A file of a deployment of Airflow.
    "airflow_local_settings.py",
    // What the tests against Airflow write.
    "airflow-figures.md",
];

/// A file that is spoken of.
#[derive(Debug)]
pub(crate) struct Spoken {
    file: String,
    number: usize,
    word: String,
}

/// All that could be a path of this tree.
pub(crate) fn find(tree: &Tree) -> Vec<Spoken> {
    let mut spoken = Vec::new();
    for (file, text) in tree.texts() {
        let mut note = |number: usize, word: &str| {
            let word = trim(word);
            let is_of_others = OTHERS
                .iter()
                .any(|other| word.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
            if !is_of_others && (begins_in_root(tree, word) || word.starts_with(PACKAGES) || is_source(word)) {
                spoken.push(Spoken { file: file.to_owned(), number, word: word.to_owned() });
            }
        };
        for line in prose(file, text) {
            if file.ends_with(".md") {
                in_backticks(&line.text).flat_map(str::split_whitespace).for_each(|word| note(line.number, word));
            } else {
                line.text.split_whitespace().for_each(|word| note(line.number, word));
            }
        }
        // Messages send readers to documents. A literal that is nothing but a path is used by the code itself.
        for (index, line) in text.lines().enumerate().filter(|_| file.ends_with(".rs") || file.ends_with(".py")) {
            for (at, _) in line.match_indices("docs/") {
                let word = line[at..].split(|c: char| !is_part(c)).next().unwrap_or_default();
                let is_literal = line[..at].ends_with('"') && line[at + word.len()..].starts_with('"');
                let is_end = line[..at].ends_with(|c: char| is_part(c) && c != '(');
                if !is_literal && !is_end {
                    note(index + 1, word);
                }
            }
        }
    }
    spoken
}

/// What is not in the tree.
pub(crate) fn missing(tree: &Tree, spoken: &[Spoken]) -> Vec<String> {
    let mut problems: Vec<String> = spoken
        .iter()
        .filter_map(|one| {
            let what = look_up(tree, &one.file, &one.word).err()?;
            Some(format!("{}:{}: `{}`: {what}", one.file, one.number, one.word))
        })
        .collect();
    problems.dedup();
    problems
}

fn look_up(tree: &Tree, file: &str, word: &str) -> Result<(), &'static str> {
    let (path, anchor) = word.split_once('#').map_or((word, None), |(path, anchor)| (path, Some(anchor)));
    if let Some(anchor) = anchor {
        return follow(tree, "", "", &format!("{path}#{anchor}"));
    }
    // `NAME` stands for a name that the reader chooses: its folder has to be there.
    let path = path
        .split('/')
        .position(|part| part.split('.').next() == Some("NAME"))
        .map_or_else(|| path.to_owned(), |at| path.split('/').take(at).collect::<Vec<_>>().join("/"));
    let path = path.as_str();
    let mut folder = Some(folder_of(file));
    while let Some(from) = folder {
        if resolve(from, path).is_some_and(|path| matches_some(tree, &path)) {
            return Ok(());
        }
        folder = (!from.is_empty()).then(|| folder_of(from));
    }
    let ends = format!("/{path}");
    let is_end = !begins_in_root(tree, path) && tree.paths().any(|known| format!("/{known}").ends_with(&ends));
    if is_end { Ok(()) } else { Err("there is no such file") }
}

/// A word without the signs around it, and without the line or the name of a test behind it.
fn trim(word: &str) -> &str {
    let is_around = |c: char| !is_part(c) || matches!(c, ':' | ',');
    let word = word.trim_matches(is_around);
    let word = word.split(':').next().unwrap_or(word);
    let word = word.strip_prefix("./").unwrap_or(word);
    word.trim_end_matches(|c: char| is_around(c) || c == '.')
}

fn is_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || "/.-_*{,}<>@#:".contains(c)
}

fn begins_in_root(tree: &Tree, word: &str) -> bool {
    word.split_once('/')
        .is_some_and(|(first, rest)| !rest.is_empty() && !first.is_empty() && tree.has_root_folder(first))
}

fn is_source(word: &str) -> bool {
    let path = word.split('#').next().unwrap_or(word);
    let is_plain = !path.contains(['*', '{', '<', ':', ',']) && !path.starts_with(['.', '/']);
    is_plain && ENDINGS.iter().any(|ending| path.len() > ending.len() && path.ends_with(ending))
}

/// Whether some path of the tree fits: `*` and `<..>` stand for a part of a name, `{a,b}` for one of several.
fn matches_some(tree: &Tree, wanted: &str) -> bool {
    alternatives(wanted)
        .iter()
        .all(|wanted| tree.has(wanted) || wanted.contains(['*', '<']) && tree.paths().any(|path| fits(wanted, path)))
}

fn alternatives(wanted: &str) -> Vec<String> {
    let Some((before, (inner, after))) =
        wanted.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
    else {
        return vec![wanted.to_owned()];
    };
    inner.split(',').flat_map(|part| alternatives(&format!("{before}{part}{after}"))).collect()
}

fn fits(wanted: &str, path: &str) -> bool {
    let (wanted, path): (Vec<&str>, Vec<&str>) = (wanted.split('/').collect(), path.split('/').collect());
    wanted.len() == path.len() && wanted.iter().zip(path).all(|(wanted, name)| part_fits(wanted, name))
}

fn part_fits(wanted: &str, name: &str) -> bool {
    let Some(at) = wanted.find(['*', '<']) else { return wanted == name };
    let end = if wanted[at..].starts_with('<') {
        wanted[at..].find('>').map_or(wanted.len(), |end| at + end + 1)
    } else {
        at + 1
    };
    let (before, after) = (&wanted[..at], &wanted[end..]);
    name.strip_prefix(before)
        .is_some_and(|rest| (0..=rest.len()).any(|skip| rest.is_char_boundary(skip) && part_fits(after, &rest[skip..])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(file: &str, text: &str) -> Vec<String> {
        let page = ("docs/design/b.md", "<a id=\"p2\"></a>\n");
        let tree =
            Tree::of(&[(file, text), page, ("host/crates/x/src/lib.rs", ""), ("host/crates/x/tests/it/y.rs", "")]);
        missing(&tree, &find(&tree))
    }

    #[test]
    fn a_file_that_is_not_there_is_found() {
        for (file, good) in [
            ("a.rs", "//! See docs/design/b.md#p2, `host/crates/x`, b.md and host/crates/*/src/lib.rs."),
            ("a.rs", "//! See `x/src/lib.rs` and host/crates/<name>/src."),
            ("a.rs", "//! See host/crates/x/{src/lib.rs,tests/it/y.rs}."),
            ("host/crates/x/src/z.rs", "//! Beside `lib.rs` and tests/it/y.rs."),
            ("a.md", "See `host/crates/x/tests/it/y.rs::works`. Not b/c.rs without backticks."),
            ("a.rs", "let path = \"src/none.rs\";"),
            ("a.rs", "let path = \"docs/none.md\";"),
            ("a.md", "Write `host/crates/NAME.rs`."),
            ("a.rs", "//! A url: https://example.com/host/x."),
        ] {
            assert_eq!(problems(file, good), Vec::<String>::new(), "{good}");
        }
        for (file, wrong) in [
            ("a.rs", "//! See docs/design/c.md."),
            ("a.rs", "//! See docs/design/b.md#p3."),
            ("a.rs", "//! See `contract/x.md` section 3."),
            ("a.rs", "//! See (host/crates/y)."),
            ("a.rs", "//! See host/crates/*/src/none.rs."),
            ("a.rs", "//! See `crates/y`."),
            ("a.rs", "//! See host/crates/x/{src/lib.rs,none.rs}."),
            ("a.rs", "x(); // like `none.rs`"),
            ("a.rs", "let text = \"see docs/none.md\";"),
            ("a.py", "\"\"\"See host/none.\"\"\""),
            ("a.md", "See `host/none`."),
            ("a.md", "Write `host/none/NAME.rs`."),
            ("a.md", "See `docs/design/README.md`."),
            ("a.toml", "# see docs/none.md"),
            ("a.wit", "/// see docs/none.md"),
        ] {
            assert_eq!(problems(file, wrong).len(), 1, "{wrong}: {:?}", problems(file, wrong));
        }
    }
}
