//! A key that is looked for.
//!
//! Owns what is compared of it. Invariant: a token that could stand for more than one text is strange, and never
//! compared.

use super::words::{exact_word, same, special};

/// One token of a path, as it is compared with keys.
pub(super) struct Token {
    /// Where in the path it begins.
    from: usize,
    pub(super) length: usize,
    /// The first bytes of it and, where that is one of these, of the quote behind it.
    word: u64,
    /// Which bits of the word count.
    mask: u64,
    pub(super) is_last: bool,
    /// Whether it has an escape, or what no key has without one.
    pub(super) is_strange: bool,
}

impl Token {
    /// The first token of a path. All of it is done by the compiler where it knows the path.
    #[inline(always)]
    pub(super) fn first(path: &[u8]) -> Self {
        Self::at(path, 0)
    }

    /// The token of this level of a path; the first one is of level 1.
    #[inline(never)]
    pub(super) fn of(path: &[u8], level: u32) -> Self {
        let mut from = 0;
        for _ in 1..level {
            from += length(path, from) + 1;
        }
        Self::at(path, from)
    }

    #[inline(always)]
    fn at(path: &[u8], from: usize) -> Self {
        let length = length(path, from);
        let quote = (length as u32) * 8;
        let (end, mask) = match length {
            0..7 => (u64::from(b'"') << quote, (1 << (quote + 8)) - 1),
            7 => (u64::from(b'"') << quote, u64::MAX),
            _ => (0, u64::MAX),
        };
        let behind = path.get(from + length).copied();
        let is_strange = behind.is_some_and(|behind| behind != b'/');
        let first = exact_word(path, from) & if length < 8 { (1 << quote) - 1 } else { u64::MAX };
        Self { from, length, word: first | end, mask, is_last: behind.is_none(), is_strange }
    }

    /// Whether this key, and the quote, are at a place that has this word.
    #[inline(always)]
    pub(super) fn is_at(&self, text: &[u8], at: usize, word: u64, path: &[u8]) -> bool {
        (word ^ self.word) & self.mask == 0 && (self.length < 8 || self.is_all_at(text, at, path))
    }

    fn is_all_at(&self, text: &[u8], at: usize, path: &[u8]) -> bool {
        let whole = path.get(self.from..self.from + self.length).unwrap_or_default();
        text[at..].strip_prefix(whole).is_some_and(|rest| rest.first() == Some(&b'"'))
    }
}

/// The length of the token of a path that begins there, or of what can be compared of it.
#[inline(always)]
fn length(path: &[u8], from: usize) -> usize {
    let mut at = from;
    loop {
        let word = exact_word(path, at);
        let end = special(word) | same(word, b'/') | same(word, b'~');
        if end != 0 {
            // Nothing, behind the end, is a control character.
            return at + (end.trailing_zeros() / 8) as usize - from;
        }
        at += 8;
    }
}
