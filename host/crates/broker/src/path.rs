//! Paths of URLs: the one spelling that is matched and sent, and the patterns of grants.
//!
//! Invariant: the path a pattern was matched with is byte for byte the path that is sent.

use std::fmt;
use std::str::FromStr;

use trigger_host_types::hex;

/// A pattern for the path of a URL.
///
/// It begins with `/`. `*` stands for any characters within one segment, `**` as a whole segment for any number of
/// segments. Everything else stands for itself; case matters. A segment `*` wants at least one character. The query is
/// not matched.
///
/// ```
/// use broker::PathPattern;
/// let runs: PathPattern = "/v1/runs/*".parse()?;
/// assert!(runs.matches("/v1/runs/j1"));
/// assert!(!runs.matches("/v1/runs/") && !runs.matches("/v1/runs/j1/log"));
/// let all: PathPattern = "/v1/**".parse()?;
/// assert!(all.matches("/v1/runs/j1/log") && all.matches("/v1") && !all.matches("/v10"));
/// assert!("v1/*".parse::<PathPattern>().is_err() && "/v1/../*".parse::<PathPattern>().is_err());
/// # Ok::<(), broker::PatternError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathPattern {
    segments: Vec<String>,
}

/// Text that is not a pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{pattern}` is not a path pattern: {what}")]
pub struct PatternError {
    pattern: String,
    what: &'static str,
}

/// Longest pattern, in bytes.
const LONGEST_PATTERN: usize = 1024;

impl PathPattern {
    /// Whether the pattern covers this path, which must be in the form [`normalised`] gives it.
    pub fn matches(&self, path: &str) -> bool {
        let Some(path) = path.strip_prefix('/') else { return false };
        let path: Vec<&str> = path.split('/').collect();
        wildcard(&self.segments, &path, |pattern| pattern == "**", |pattern, segment| segment_matches(pattern, segment))
    }
}

fn segment_matches(pattern: &str, segment: &str) -> bool {
    if pattern == "*" {
        return !segment.is_empty();
    }
    wildcard(pattern.as_bytes(), segment.as_bytes(), |byte| *byte == b'*', |pattern, byte| pattern == byte)
}

/// Matches `items` against `pattern`, in which an element `is_many` stands for any number of items. Looks back to the
/// last such element only, so it takes at most `pattern * items` steps whatever a guest sends.
fn wildcard<P, T>(pattern: &[P], items: &[T], is_many: impl Fn(&P) -> bool, is_one: impl Fn(&P, &T) -> bool) -> bool {
    let (mut at, mut item) = (0, 0);
    let mut last_many: Option<(usize, usize)> = None;
    while item < items.len() {
        match pattern.get(at) {
            Some(many) if is_many(many) => {
                last_many = Some((at, item));
                at += 1;
            }
            Some(one) if is_one(one, &items[item]) => {
                at += 1;
                item += 1;
            }
            _ => {
                let Some((many, taken)) = last_many else { return false };
                last_many = Some((many, taken + 1));
                (at, item) = (many + 1, taken + 1);
            }
        }
    }
    pattern[at..].iter().all(is_many)
}

impl FromStr for PathPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let wrong = |what| PatternError { pattern: text.chars().take(200).collect(), what };
        if text.len() > LONGEST_PATTERN {
            return Err(wrong("it is longer than 1024 bytes"));
        }
        if text.contains(['?', '#']) {
            return Err(wrong("a query or fragment is not matched; grant the path alone"));
        }
        let Some(rest) = text.strip_prefix('/') else { return Err(wrong("it must begin with `/`")) };
        if rest.split('/').any(|segment| segment != "**" && segment.contains("**")) {
            return Err(wrong("`**` stands for whole segments: write it alone between two `/`"));
        }
        // The `url` crate gives requests their escapes (spaces, letters beyond ASCII); patterns get the same ones.
        let mut url = url::Url::parse("http://localhost/").map_err(|_| wrong("it cannot be read as a path"))?;
        url.set_path(text);
        let is_dots = |segment: &str| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
        if text.contains('\\') || text.split('/').any(is_dots) {
            return Err(wrong("`.`, `..` and `\\` may not stand in a pattern"));
        }
        let path = normalised(url.path()).map_err(wrong)?;
        Ok(Self { segments: path[1..].split('/').map(str::to_owned).collect() })
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}", self.segments.join("/"))
    }
}

/// The one spelling of a path: escapes of letters, digits and `-._~` undone, other escapes in upper case.
///
/// # Errors
/// What a server may read in another way than we do is refused: escaped separators and control characters, escapes of
/// escapes of these, dot segments (also with `;parameters`), and a `%` without two hex digits.
pub(crate) fn normalised(path: &str) -> Result<String, &'static str> {
    let bytes = path.as_bytes();
    let mut out = String::with_capacity(path.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte != b'%' {
            if !byte.is_ascii_graphic() || byte == b'\\' {
                return Err("it holds a character that must be percent-encoded");
            }
            out.push(char::from(byte));
            at += 1;
            continue;
        }
        let [decoded] =
            bytes.get(at + 1..at + 3).and_then(hex::decode).ok_or("`%` must be followed by two hex digits")?;
        match decoded {
            b'/' | b'\\' => return Err("the path may not hold an encoded slash or backslash"),
            0..0x20 | 0x7f => return Err("the path may not hold an encoded control character"),
            b'%' if matches!(bytes.get(at + 3..at + 5).and_then(hex::decode), Some([b'.' | b'/' | b'\\' | b'%'])) => {
                return Err("the path may not hold a separator, dot or `%` that is encoded twice");
            }
            b'-' | b'.' | b'_' | b'~' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => out.push(char::from(decoded)),
            _ => out.push_str(&format!("%{decoded:02X}")),
        }
        at += 3;
    }
    // Some servers cut `;parameters` off before they look for dot segments.
    let named = |segment: &str| segment.split(';').next().and_then(|name| name.split("%3B").next()).map(str::to_owned);
    if out.split('/').filter_map(named).any(|name| name == "." || name == "..") {
        return Err("the path may not hold `.` or `..` as a segment");
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matches(pattern: &str, path: &str) -> bool {
        pattern.parse::<PathPattern>().unwrap().matches(path)
    }

    #[test]
    fn stars_stay_within_a_segment() {
        assert!(matches("/a/run-*", "/a/run-") && matches("/a/*-run-*", "/a/x-run-run-1"));
        assert!(!matches("/a/*", "/a/b/c") && !matches("/a/*", "/a/") && !matches("/a/*", "/b/c"));
        assert!(matches("/a/**/z", "/a/z") && matches("/a/**/z", "/a/b/c/z") && !matches("/a/**/z", "/a/b"));
        assert!(matches("/**", "/") && matches("/", "/") && !matches("/", "/a"));
        assert!(matches("/a b/é", "/a%20b/%C3%A9"));
        assert!(!matches("/a?".replace('?', "[b]").as_str(), "/ab"), "brackets stand for themselves");
    }

    #[test]
    fn a_path_has_one_spelling() {
        assert_eq!(normalised("/%41%2d%7e/%c3%a9").unwrap(), "/A-~/%C3%A9");
        for path in [
            "/a%2fb",
            "/a%5Cb",
            "/%00",
            "/a%0d%0ab",
            "/%252e%252e/",
            "/%252F",
            "/%",
            "/%4",
            "/%zz",
            "/%+1",
            "/a/%2e%2e/b",
            "/..;x/b",
            "/.%3b/",
        ] {
            assert!(normalised(path).is_err(), "{path}");
        }
    }

    #[test]
    fn odd_patterns_are_refused() {
        for pattern in [
            "",
            "a",
            "*",
            "/a?b",
            "/a#b",
            "/a/../b",
            "/a/./b",
            "/a/.",
            "/a/%2E%2e",
            "/a**",
            "/a/b**/c",
            "/%2f",
            "/a\\b",
        ] {
            assert!(pattern.parse::<PathPattern>().is_err(), "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn normalising_again_changes_nothing(path in "/[a-z0-9%./~-]{0,20}") {
            if let Ok(once) = normalised(&path) {
                prop_assert_eq!(normalised(&once).unwrap(), once);
            }
        }

        #[test]
        fn a_pattern_without_stars_matches_itself_alone(path in "(/[a-z]{1,3}){1,4}", other in "(/[a-z]{1,3}){1,4}") {
            prop_assert!(matches(&path, &path));
            prop_assert_eq!(matches(&path, &other), path == other);
        }
    }
}
