//! Where rules are cited: in comments, in documents, and between backticks anywhere else, such as in the message of an
//! assertion.

use std::collections::BTreeMap;

use crate::rules::{FOLDER, Rule, is_code};
use crate::text::prose;
use crate::tree::Tree;

/// Words that look like the code of a rule.
const WORDS: [&str; 2] = [
    // A service of Amazon.
    "S3", // A type of wasm.
    "U64",
];

/// A rule that is cited.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Citation {
    pub(crate) path: String,
    number: usize,
    pub(crate) code: String,
}

impl Citation {
    /// Whether it stands elsewhere than on the pages that define rules.
    pub(crate) fn is_outside_the_rules(&self) -> bool {
        !self.path.starts_with(FOLDER)
    }
}

/// All citations. A range such as `P2`-`P5` cites what is between its ends too.
pub(crate) fn find(tree: &Tree) -> Vec<Citation> {
    let mut citations = Vec::new();
    for (path, text) in tree.texts() {
        let mut cite = |number: usize, codes: Vec<String>| {
            citations.extend(codes.into_iter().map(|code| Citation { path: path.to_owned(), number, code }));
        };
        if is_source(path) {
            for (index, line) in text.lines().enumerate() {
                cite(index + 1, codes(line, true));
            }
        }
        for line in prose(path, text) {
            cite(line.number, codes(&line.text, false));
        }
    }
    citations.sort();
    citations.dedup();
    citations
}

/// Citations of rules that are not defined.
pub(crate) fn undefined(rules: &BTreeMap<String, Rule>, citations: &[Citation]) -> Vec<String> {
    let is_undefined = |one: &&Citation| !rules.contains_key(&one.code);
    citations
        .iter()
        .filter(is_undefined)
        .map(|one| format!("{}:{}: `{}` is not a rule of docs/design", one.path, one.number, one.code))
        .collect()
}

fn is_source(path: &str) -> bool {
    path.ends_with(".rs") || path.ends_with(".py")
}

/// The codes in a line: all of them, or only those that touch a backtick.
fn codes(line: &str, in_backticks_only: bool) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut at = 0;
    let mut last: Option<(String, usize)> = None;
    while let Some(length) = line[at..].find(|c: char| c.is_ascii_alphanumeric() || c == '_').map(|skip| {
        at += skip;
        line[at..].find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(line.len() - at)
    }) {
        let (word, end) = (&line[at..at + length], at + length);
        let touches = line[..at].ends_with('`') || line[end..].starts_with('`');
        let is_escape = line[..at].ends_with(['%', '\\', '#', '&']);
        if is_code(word) && !WORDS.contains(&word) && !is_escape && (touches || !in_backticks_only) {
            if let Some((from, behind)) = last.take()
                && is_range(&line[behind..at])
            {
                found.extend(between(&from, word));
            }
            found.push(word.to_owned());
            last = Some((word.to_owned(), end));
        }
        at = end;
    }
    found
}

/// Whether this text between two codes makes a range of them.
fn is_range(between: &str) -> bool {
    matches!(between.replace('`', "").trim(), "-" | "–" | "—" | "to" | "through" | ".." | "..." | "…")
}

/// The codes between two of one family, without the ends.
fn between(from: &str, to: &str) -> Vec<String> {
    let family = from.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = |code: &str| code.strip_prefix(family).and_then(|digits| digits.parse::<u32>().ok());
    let (Some(first), Some(last)) = (number(from), number(to)) else { return Vec::new() };
    (first + 1..last).map(|number| format!("{family}{number}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_in_comments_messages_and_ranges() {
        assert_eq!(codes("/// `P2`-`P5`, and Q1 to Q3.", false), ["P2", "P3", "P4", "P5", "Q1", "Q2", "Q3"]);
        assert_eq!(codes("`P2-P4`", true), ["P2", "P3", "P4"]);
        assert_eq!(codes("`TR9` to `TR11`", false), ["TR9", "TR10", "TR11"]);
        assert_eq!(codes("`P2` to `Q5`", false), ["P2", "Q5"]);
        assert_eq!(codes("assert!(x, \"`F1`: the same\");", true), ["F1"]);
        assert_eq!(codes("Val::F1(7), \"T0/B0\"", true), Vec::<String>::new(), "code is not a citation");
        assert_eq!(codes("%C3 and S3, P1D and xP1, P2_x", false), Vec::<String>::new());
    }

    #[test]
    fn what_is_not_defined_is_found_wherever_it_is_cited() {
        let rule = "<a id=\"p2\"></a>\n**P2.** Text.\n\n- *Source:* seen\n- *Tests:* `a/x.rs::one`\n";
        let wrong = |path: &str, text: &str| {
            let tree = Tree::of(&[("docs/design/a.md", rule), (path, text)]);
            undefined(&crate::rules::read(&tree).0, &find(&tree)).len()
        };
        for (path, text) in [
            ("a.rs", "/// As `P2` says.\nlet x = P9;"),
            ("a.md", "As `P2` says.\n```\nP9\n```"),
            ("a.py", "x = \"P9\""),
        ] {
            assert_eq!(wrong(path, text), 0, "{path}");
        }
        for (path, text) in [
            ("a.rs", "/// As `P9` says."),
            ("a.rs", "/// As P9 says."),
            ("a.rs", "fn f() { g(); } // P9"),
            ("a.rs", "panic!(\"`P9` was broken\");"),
            ("a.rs", "//! `J1`: no rule has this letter."),
            ("a.py", "x = 1  # P9"),
            ("a.py", "\"\"\"As\n`P9` says.\n\"\"\""),
            ("a.md", "| `P9` | cell |"),
            ("a.wit", "/// As P9 says."),
            ("a.toml", "# As P9 says."),
            ("docs/design/b.md", "see `P9`"),
        ] {
            assert!(wrong(path, text) > 0, "{path}: {text}");
        }
        assert_eq!(wrong("a.rs", "/// `P2`-`P4`"), 2, "P3 and P4");
    }
}
