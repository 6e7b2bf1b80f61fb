//! JSON as Airflow's server reads it: Python's parser, which takes `NaN`, `Infinity`, lone surrogates and integers of
//! any length, and words its complaints in its own way. Texts are kept as they are; the grammar is that of `encodings`,
//! the words are Python's.

use encodings::json::{Inside, JsonError, JsonFault, Limits, Outline, Parts};

/// How deep Python's parser follows. How long a body may be is the server's own limit, not the parser's.
const LIMITS: Limits = Limits { depth: 990, bytes: usize::MAX, bare_words: true };

/// Key and text of each member of an object, in order.
pub(super) type Members<'a> = Vec<(String, &'a str)>;

/// Checks a text.
///
/// # Errors
/// See [`complaint`].
pub(super) fn read(text: &str) -> Result<Outline<'_>, JsonError> {
    Outline::read(text, LIMITS)
}

/// The texts of a list's items; `None` for anything else.
pub(super) fn items(text: &str) -> Option<Vec<&str>> {
    match read(text).ok()?.parts {
        Parts::Items(items) => Some(items),
        Parts::None | Parts::Members(_) => None,
    }
}

/// What Python's parser says of a text that is not JSON, and at which character; `None` where it does not answer but
/// gives up.
pub(super) fn complaint(text: &str, error: JsonError) -> Option<(usize, &'static str)> {
    let words = match error.fault {
        JsonFault::TooDeep | JsonFault::TooLong | JsonFault::NotUtf8 => return None,
        JsonFault::Value | JsonFault::BareWord => "Expecting value",
        JsonFault::Key => "Expecting property name enclosed in double quotes",
        JsonFault::Colon => "Expecting ':' delimiter",
        // To Python, what is wrong with a number is what stands behind its right part.
        JsonFault::Delimiter(Inside::Nothing) | JsonFault::Number(Inside::Nothing) => "Extra data",
        JsonFault::Delimiter(_) | JsonFault::Number(_) => "Expecting ',' delimiter",
        JsonFault::Control => "Invalid control character at",
        JsonFault::Unterminated => "Unterminated string starting at",
        JsonFault::Escape => "Invalid \\escape",
        JsonFault::HexDigits => "Invalid \\uXXXX escape",
    };
    // Python counts characters. Every byte that an error names is the first one of a character.
    let at = text.get(..error.at).map_or(error.at, |before| before.chars().count());
    Some((at, words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_python_takes() {
        for text in [
            "null",
            " [1, -2.5e+3, NaN, -Infinity, Infinity] ",
            r#"{"a": "\ud800", "b": {}, "c": []}"#,
            "0",
            "1e5",
            "1000000000000000000000000000000",
            r#""é\n""#,
        ] {
            assert!(read(text).is_ok(), "{text}");
        }
        assert!(read(&format!("{}{}", "[".repeat(900), "]".repeat(900))).is_ok());
        let deep = "[".repeat(2_000);
        assert_eq!(complaint(&deep, read(&deep).unwrap_err()), None);
    }

    /// Positions and words as `json.loads` of Python 3.11 gives them.
    #[test]
    fn complains_as_python_does() {
        for (text, at, what) in [
            ("{oops", 1, "Expecting property name enclosed in double quotes"),
            ("", 0, "Expecting value"),
            ("[1,]", 3, "Expecting value"),
            ("{\"é\" 1}", 5, "Expecting ':' delimiter"),
            ("[1 2]", 3, "Expecting ',' delimiter"),
            ("1 2", 2, "Extra data"),
            ("\"abc", 0, "Unterminated string starting at"),
            ("\"abc\\", 0, "Unterminated string starting at"),
            ("\"a\nb\"", 2, "Invalid control character at"),
            ("-", 0, "Expecting value"),
            ("01", 1, "Extra data"),
            ("[01]", 2, "Expecting ',' delimiter"),
            ("1.x", 1, "Extra data"),
            ("{\"a\":1e}", 6, "Expecting ',' delimiter"),
            ("[\"é\\x\"]", 3, "Invalid \\escape"),
            ("[\"é\\u12\"]", 4, "Invalid \\uXXXX escape"),
        ] {
            assert_eq!(complaint(text, read(text).unwrap_err()), Some((at, what)), "{text}");
        }
    }
}
