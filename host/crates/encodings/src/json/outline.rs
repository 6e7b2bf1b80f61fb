//! A text that is checked whole, but taken apart one level deep: for whoever hands its parts on as they were written.

use super::error::JsonError;
use super::scan::{Limits, Scanner, Token};

/// A well-formed text and the texts of its parts.
#[derive(Debug, PartialEq, Eq)]
pub struct Outline<'t> {
    /// Without white space around it.
    pub text: &'t str,
    /// What it consists of.
    pub parts: Parts<'t>,
}

/// The parts of a value, each without white space around it.
#[derive(Debug, PartialEq, Eq)]
pub enum Parts<'t> {
    /// Neither a list nor an object.
    None,
    /// The items of a list.
    Items(Vec<&'t str>),
    /// The members of an object, in order, repeated keys included. A key with a lone surrogate, which no string can
    /// hold, is given as it was written, quotes included.
    Members(Vec<(String, &'t str)>),
}

impl<'t> Outline<'t> {
    /// Checks one JSON text and nothing behind it.
    ///
    /// # Errors
    /// What is not JSON, where; or nested deeper than the limits allow.
    pub fn read(text: &'t str, limits: Limits) -> Result<Self, JsonError> {
        let mut scanner = Scanner::new(text, limits)?;
        let mut whole = Self { text: "", parts: Parts::None };
        // Where the whole begins, and the part that is being read.
        let (mut start, mut part) = (0, 0);
        let (mut depth, mut key) = (0_usize, String::new());
        while let Some((token, range)) = scanner.next()? {
            match token {
                Token::Key if depth == 1 => {
                    let written = &text[range];
                    key = serde_json::from_str(written).unwrap_or_else(|_| written.to_owned());
                    continue;
                }
                Token::Key => continue,
                Token::CloseList | Token::CloseObject => depth -= 1,
                _ => {
                    match depth {
                        0 => start = range.start,
                        1 => part = range.start,
                        _ => {}
                    }
                    if matches!(token, Token::OpenList | Token::OpenObject) {
                        if depth == 0 {
                            let is_object = token == Token::OpenObject;
                            whole.parts = if is_object { Parts::Members(vec![]) } else { Parts::Items(vec![]) };
                        }
                        depth += 1;
                        continue;
                    }
                }
            }
            // A value is over.
            match (depth, &mut whole.parts) {
                (0, _) => whole.text = &text[start..range.end],
                (1, Parts::Items(items)) => items.push(&text[part..range.end]),
                (1, Parts::Members(members)) => members.push((std::mem::take(&mut key), &text[part..range.end])),
                _ => {}
            }
        }
        Ok(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { depth: 3, bytes: 1_000, bare_words: true };

    #[test]
    fn parts_are_given_as_they_were_written() {
        let text = r#" {"a": {"x": 1} , "b" : NaN, "\u0061": [ [] ], "\ud800":"é"} "#;
        let outline = Outline::read(text, LIMITS).unwrap();
        assert_eq!(outline.text, text.trim());
        let members = [("a", r#"{"x": 1}"#), ("b", "NaN"), ("a", "[ [] ]"), (r#""\ud800""#, "\"é\"")];
        assert_eq!(outline.parts, Parts::Members(members.map(|(key, value)| (key.to_owned(), value)).to_vec()));
        let items = Outline::read(r#"[ {"x": [1]} , NaN,"a"]"#, LIMITS).unwrap().parts;
        assert_eq!(items, Parts::Items(vec![r#"{"x": [1]}"#, "NaN", "\"a\""]));
        assert_eq!(Outline::read("[ ]", LIMITS).unwrap().parts, Parts::Items(Vec::new()));
        assert_eq!(Outline::read(" 1e5 ", LIMITS).unwrap(), Outline { text: "1e5", parts: Parts::None });
    }

    #[test]
    fn what_is_deeper_is_checked_too() {
        assert!(Outline::read(r#"{"a":[{"b":01}]}"#, LIMITS).is_err());
        assert!(Outline::read("[[[[]]]]", LIMITS).is_err());
    }
}
