//! Patterns of the catalog for keys and ids: `*` matches any characters, every other character matches itself. Pure.

use std::fmt;

/// `jobs_*`, `*`, `exact`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(String);

/// Why a text is not a pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PatternError(&'static str);

/// The longest pattern, in bytes.
const MOST: usize = 250;

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// The text is empty or too long, or contains control characters.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        match text {
            "" => Err(PatternError("is empty: write `*` for everything")),
            text if text.len() > MOST => Err(PatternError("is longer than any name it could match (250 bytes)")),
            text if text.chars().any(char::is_control) => Err(PatternError("contains a control character")),
            text => Ok(Self(text.to_owned())),
        }
    }

    /// Whether it matches `name`.
    pub fn matches(&self, name: &str) -> bool {
        let Some((first, rest)) = self.0.split_once('*') else { return self.0 == name };
        let Some(mut name) = name.strip_prefix(first) else { return false };
        let (middle, last) = rest.rsplit_once('*').map_or((None, rest), |(middle, last)| (Some(middle), last));
        // The first place is as good as any later one: it leaves the most room for what follows.
        for part in middle.into_iter().flat_map(|middle| middle.split('*')) {
            let Some(at) = name.find(part) else { return false };
            name = &name[at + part.len()..];
        }
        name.ends_with(last)
    }

    /// Whether it matches every name that begins with `prefix`.
    pub fn covers(&self, prefix: &str) -> bool {
        self.0.ends_with('*') && self.matches(prefix)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::new(text).unwrap()
    }

    #[test]
    fn a_star_stands_for_any_characters() {
        for (text, yes, no) in [
            ("exact", &["exact"][..], &["exact1", "Exact", "", "*"][..]),
            ("jobs_*", &["jobs_", "jobs_a/b"], &["jobs", "xjobs_"]),
            ("*_key", &["_key", "a_key", "_key_key"], &["key", "_keys"]),
            ("a*b*c", &["abc", "a-b-b-c", "abcbc"], &["ac", "acb", "abcx"]),
            ("a*a", &["aa", "aba"], &["a"]),
            ("**", &["", "x"], &[]),
        ] {
            assert!(yes.iter().all(|name| pattern(text).matches(name)), "{text} {yes:?}");
            assert!(!no.iter().any(|name| pattern(text).matches(name)), "{text} {no:?}");
        }
        assert!(Pattern::new("").is_err() && Pattern::new("a\n").is_err() && Pattern::new(&"a".repeat(251)).is_err());
    }

    #[test]
    fn a_prefix_is_covered_when_all_that_begins_with_it_is() {
        assert!(pattern("jobs_*").covers("jobs_") && pattern("jobs_*").covers("jobs_a") && pattern("*").covers(""));
        assert!(!pattern("jobs_*").covers("jobs") && !pattern("jobs_*").covers("") && !pattern("jobs").covers("jobs"));
        assert!(!pattern("*_key").covers("a_key"), "`a_key2` is not granted");
    }
}
