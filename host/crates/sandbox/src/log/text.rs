//! Making text of a guest harmless: control characters become visible, long text is cut.

use std::fmt::{Display, Write};

/// The text on one line: every control character, line separator and direction override as an escape that can be seen.
pub(crate) fn inert(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => made.push_str("\\n"),
            '\r' => made.push_str("\\r"),
            '\t' => made.push_str("\\t"),
            _ if is_active(c) => {
                // Writing to a string cannot fail.
                let _ = write!(made, "\\u{{{:x}}}", u32::from(c));
            }
            _ => made.push(c),
        }
    }
    made
}

/// A foreign error or name in a form that may be part of a text of the host: on one line, not too long.
pub(crate) fn quoted(words: impl Display) -> String {
    const MOST: usize = 1 << 10;
    inert(cut(&words.to_string(), MOST))
}

/// Characters that move a terminal's cursor, end a line for some reader, or turn the direction of text around.
fn is_active(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The text, cut to at most this many bytes, between two characters.
pub(crate) fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_can_be_seen() {
        assert_eq!(inert("a\nb\u{1b}[2Jc\u{85}\u{202e}d\u{2028}é"), "a\\nb\\u{1b}[2Jc\\u{85}\\u{202e}d\\u{2028}é");
    }

    #[test]
    fn cuts_between_characters() {
        assert_eq!(cut("éé", 3), "é");
        assert_eq!(cut("ab", 3), "ab");
    }
}
