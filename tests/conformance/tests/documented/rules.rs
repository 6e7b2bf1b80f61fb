//! The rules: `**P2.** text` below its anchor, with a source, and with tests or the reason why there are none.

use std::collections::{BTreeMap, BTreeSet};

use crate::citations::Citation;
use crate::named_tests::as_test;
use crate::text::{in_backticks, prose};
use crate::tree::Tree;

/// Where rules are defined.
pub(crate) const FOLDER: &str = "docs/design/";

/// One rule.
#[derive(Debug, Default)]
pub(crate) struct Rule {
    pub(crate) page: String,
    number: usize,
    has_source: bool,
    tests: usize,
    reason: Option<String>,
}

/// A code such as `P2` or `TR10`: one or two capitals, one or two digits.
pub(crate) fn is_code(word: &str) -> bool {
    let letters = word.bytes().take_while(u8::is_ascii_uppercase).count();
    let digits = &word[letters..];
    (1..=2).contains(&letters)
        && (1..=2).contains(&digits.len())
        && digits.bytes().all(|digit| digit.is_ascii_digit())
        && (digits == "0" || !digits.starts_with('0'))
}

/// All rules by their codes, and what is wrong with how they are written.
pub(crate) fn read(tree: &Tree) -> (BTreeMap<String, Rule>, Vec<String>) {
    let mut rules: BTreeMap<String, Rule> = BTreeMap::new();
    let mut problems = Vec::new();
    for (path, text) in tree.texts().filter(|(path, _)| path.starts_with(FOLDER) && path.ends_with(".md")) {
        let mut anchor: Option<String> = None;
        let mut current: Option<String> = None;
        let mut part = Part::Text;
        for line in prose(path, text) {
            let place = format!("{path}:{}", line.number);
            let said = line.text.as_str();
            if let Some(id) = said.strip_prefix("<a id=\"").and_then(|rest| rest.strip_suffix("\"></a>")) {
                if let Some(lonely) = anchor.replace(id.to_owned()) {
                    problems.push(format!("{place}: no rule stands below the anchor `{lonely}`"));
                }
                current = None;
            } else if let Some(code) = defined(said) {
                if anchor.take().as_deref() != Some(code.to_lowercase().as_str()) {
                    problems.push(format!("{place}: `{code}` has no anchor `{}` above it", code.to_lowercase()));
                }
                if let Some(first) = rules.get(code) {
                    problems.push(format!("{place}: `{code}` is defined at {}:{} already", first.page, first.number));
                } else {
                    let rule = Rule { page: path.to_owned(), number: line.number, ..Rule::default() };
                    rules.insert(code.to_owned(), rule);
                }
                (current, part) = (Some(code.to_owned()), Part::Text);
            } else if said.starts_with('#') {
                current = None;
            } else if let Some(rule) = current.as_ref().and_then(|code| rules.get_mut(code)) {
                part = rule.take(part, said, &place, &mut problems);
            }
        }
        if let Some(lonely) = anchor {
            problems.push(format!("{path}: no rule stands below the anchor `{lonely}`"));
        }
    }
    for (code, rule) in &rules {
        let place = format!("{}:{}", rule.page, rule.number);
        if !rule.has_source {
            problems.push(format!("{place}: `{code}` names no source"));
        }
        if (rule.tests > 0) == rule.reason.is_some() {
            problems.push(format!("{place}: `{code}` must name tests, or say why there is none, and not both"));
        }
    }
    (rules, problems)
}

/// Rules without a test that somebody relies on.
pub(crate) fn untested(rules: &BTreeMap<String, Rule>, citations: &[Citation]) -> Vec<String> {
    let cited: BTreeSet<&str> =
        citations.iter().filter(|one| one.is_outside_the_rules()).map(|one| &*one.code).collect();
    rules
        .iter()
        .filter(|(code, rule)| rule.reason.is_some() && cited.contains(code.as_str()))
        .map(|(code, rule)| format!("{}:{}: `{code}` is cited, so it needs a test", rule.page, rule.number))
        .collect()
}

/// The code that a line defines.
fn defined(line: &str) -> Option<&str> {
    line.strip_prefix("**")?.split_once(".**").map(|(code, _)| code).filter(|code| is_code(code))
}

/// Which part of a rule a line belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Text,
    Tests,
    Reason,
}

impl Rule {
    fn take(&mut self, part: Part, line: &str, place: &str, problems: &mut Vec<String>) -> Part {
        let (part, said) = if let Some(source) = line.strip_prefix("- *Source:*") {
            self.has_source |= source.trim().len() > 2;
            return Part::Text;
        } else if let Some(tests) = line.strip_prefix("- *Tests:*") {
            (Part::Tests, tests)
        } else if let Some(reason) = line.strip_prefix("- *No test:*") {
            (Part::Reason, reason)
        } else if line.starts_with("- ") || line.trim().is_empty() {
            return Part::Text;
        } else {
            (part, line)
        };
        match part {
            Part::Text => {}
            Part::Tests => {
                let prose = said.split('`').step_by(2).any(|rest| !matches!(rest.trim(), "" | ","));
                let tests = in_backticks(said).filter(|span| as_test(span).is_some()).count();
                if prose || tests != in_backticks(said).count() {
                    problems.push(format!("{place}: after `Tests:` stand only tests as `path::name`: {said}"));
                }
                self.tests += tests;
            }
            Part::Reason => self.reason.get_or_insert_default().push_str(said.trim()),
        }
        if self.reason.as_ref().is_some_and(|reason| reason.len() < 10) {
            problems.push(format!("{place}: that is not a reason"));
        }
        part
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::citations;

    const GOOD: &str = "# Rules\n\n<a id=\"p2\"></a>\n**P2.** Text\nof `P2`.\n\n- *Source:* seen\n- *Tests:* `a/x.rs::one`,\n  `a/x.rs::two`\n";

    fn problems(page: &str) -> Vec<String> {
        read(&Tree::of(&[("docs/design/a.md", page)])).1
    }

    #[test]
    fn a_rule_is_read() {
        let (rules, problems) = read(&Tree::of(&[("docs/design/a.md", GOOD)]));
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(rules["P2"].tests, 2);
    }

    #[test]
    fn what_a_rule_lacks_is_found() {
        for (wrong, what) in [
            (GOOD.replace("<a id=\"p2\"></a>\n", ""), "has no anchor"),
            (GOOD.replace("id=\"p2\"", "id=\"p3\""), "has no anchor"),
            (GOOD.replace("- *Source:* seen\n", ""), "names no source"),
            (GOOD.replace("- *Source:* seen\n", "- *Source:* \n"), "names no source"),
            (GOOD.replace("- *Tests:* `a/x.rs::one`,\n  `a/x.rs::two`\n", ""), "must name tests"),
            (GOOD.replace("`a/x.rs::one`,\n  `a/x.rs::two`", "none"), "only tests"),
            (GOOD.replace("`a/x.rs::one`", "`seen by eye`"), "only tests"),
            (GOOD.replace("`a/x.rs::one`,", "by hand,"), "only tests"),
            (format!("{GOOD}- *No test:* too hard to write one\n"), "and not both"),
            (GOOD.replace("- *Tests:* `a/x.rs::one`,\n  `a/x.rs::two`", "- *No test:* no"), "not a reason"),
            (format!("{GOOD}\n{GOOD}"), "is defined at docs/design/a.md:4 already"),
            (format!("{GOOD}\n<a id=\"p9\"></a>\n"), "no rule stands below"),
            (format!("```\n{GOOD}```\n{}", GOOD.replace("<a id=\"p2\"></a>", "")), "has no anchor"),
        ] {
            let found = problems(&wrong);
            assert!(found.iter().any(|problem| problem.contains(what)), "{what}: {found:?}\n{wrong}");
        }
        let twice = Tree::of(&[("docs/design/a.md", GOOD), ("docs/design/b.md", GOOD)]);
        assert!(read(&twice).1.iter().any(|problem| problem.contains("already")), "unique over all pages");
    }

    #[test]
    fn a_rule_without_a_test_may_not_be_cited() {
        let untested_rule =
            GOOD.replace("- *Tests:* `a/x.rs::one`,\n  `a/x.rs::two`", "- *No test:* it is about something else");
        let cites = |source: &str| {
            let tree = Tree::of(&[("docs/design/a.md", &untested_rule), ("host/src/x.rs", source)]);
            let (rules, problems) = read(&tree);
            assert_eq!(problems, Vec::<String>::new());
            untested(&rules, &citations::find(&tree)).len()
        };
        assert_eq!(cites("/// Nothing."), 0);
        assert_eq!(cites("/// As `P2` says."), 1);
        assert_eq!(cites("/// As `P1`-`P3` say."), 1, "the middle of a range");
    }

    #[test]
    fn codes_have_a_shape() {
        assert!(["P2", "TR10", "L0", "WK22"].into_iter().all(is_code));
        assert!(["P", "2", "P100", "ABC1", "p2", "P02", "P2a", ""].into_iter().all(|word| !is_code(word)));
    }
}
