//! Where in a JSON text the value of a pointer is, found by looking at each byte once and building nothing.
//!
//! Owns nothing. Invariant: an answer is the one `serde_json` would come to; whatever is not plain (a text that is not JSON, a key with escapes or
//! twice on the way, anything but objects on the way, deep nesting) gets no answer, and the caller asks `serde_json`. What is passed over is
//! checked for form as `IgnoredAny` checks it.
//!
//! Written for wasm under a host that looks up in each turn of a loop: eight bytes at once in a register and few turns. Places are numbers,
//! [`NOT_PLAIN`] is one of them, and no function gives back more than one value.

mod words;

use words::{HIGH, byte, others, same, special, word};

/// Arrays and objects within each other, on the way and within what is passed over; deeper is not plain. Twice as many are within the limit of
/// `serde_json`, so this never takes what that refuses.
const MOST_DEPTH: u32 = 60;
/// In the place of a place: the text has no plain answer.
const NOT_PLAIN: usize = usize::MAX;
/// What is at `path`, a pointer without its leading slash: the text of the value, without the white space around it, or nothing (empty). None where
/// the text is not plain.
#[inline]
pub(crate) fn find<'t>(text: &'t [u8], path: &str) -> Option<&'t [u8]> {
    let mut found = 0..0;
    let at = object(text, spaces(text, 0), path.as_bytes(), MOST_DEPTH, &mut found);
    if at == NOT_PLAIN || spaces(text, at) != text.len() {
        return None;
    }
    text.get(found)
}

/// A key that is looked for.
struct Token<'p> {
    text: &'p [u8],
    /// The first bytes of it and, where that is one of these, of the quote behind it.
    word: u64,
    /// Which bits of the word count.
    mask: u64,
}

impl<'p> Token<'p> {
    #[inline]
    fn of(text: &'p [u8]) -> Self {
        let quote = (text.len() as u32) * 8;
        let (end, mask) = match text.len() {
            0..7 => (u64::from(b'"') << quote, (1 << (quote + 8)) - 1),
            7 => (u64::from(b'"') << quote, u64::MAX),
            _ => (0, u64::MAX),
        };
        Self { text, word: word(text, 0) | end, mask }
    }

    /// Whether this key, and the quote, are at a place that has this word.
    #[inline]
    fn is_at(&self, text: &[u8], at: usize, word: u64) -> bool {
        (word ^ self.word) & self.mask == 0 && (self.text.len() < 8 || self.is_all_at(text, at))
    }

    fn is_all_at(&self, text: &[u8], at: usize) -> bool {
        text[at..].strip_prefix(self.text).is_some_and(|rest| rest.first() == Some(&b'"'))
    }
}

/// Passes an object on the way. `most`: how many may follow on the way.
#[inline]
fn object(text: &[u8], at: usize, path: &[u8], most: u32, found: &mut std::ops::Range<usize>) -> usize {
    let length = token(path);
    let (token, is_last) = match path.get(length) {
        None => (Token::of(path), true),
        Some(b'/') => (Token::of(&path[..length]), false),
        Some(_) => return NOT_PLAIN,
    };
    if byte(text, at) != b'{' || most == 0 {
        return NOT_PLAIN;
    }
    let mut at = behind_mark(text, at, word(text, at));
    if byte(text, at) == b'}' {
        return at + 1;
    }
    let mut was_there = false;
    loop {
        if byte(text, at) != b'"' {
            return NOT_PLAIN;
        }
        at += 1;
        let is_it = token.is_at(text, at, word(text, at));
        at = if is_it { at + length + 1 } else { string::<true>(text, at) };
        at = colon(text, at);
        if at == NOT_PLAIN || (is_it && was_there) {
            return NOT_PLAIN;
        }
        let from = at;
        if !is_it {
            at = value(text, at);
        } else if is_last {
            at = value(text, at);
            *found = from..at;
        } else {
            at = inner(text, at, &path[length + 1..], most - 1, found);
        }
        was_there |= is_it;
        if at == NOT_PLAIN {
            return NOT_PLAIN;
        }
        at = spaces(text, at);
        let next = word(text, at);
        match next as u8 {
            b',' => at = behind_mark(text, at, next),
            b'}' => return at + 1,
            _ => return NOT_PLAIN,
        }
    }
}

/// Passes an object within one on the way.
fn inner(text: &[u8], at: usize, path: &[u8], most: u32, found: &mut std::ops::Range<usize>) -> usize {
    object(text, at, path, most, found)
}

/// The length of the first token of a path, or of what can be compared of it.
#[inline]
fn token(path: &[u8]) -> usize {
    let mut at = 0;
    loop {
        let word = word(path, at);
        let end = special(word) | same(word, b'/') | same(word, b'~');
        if end != 0 {
            // Nothing, behind the end, is a control character.
            return at + (end.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
}

/// Passes a value, whatever it is.
#[inline]
fn value(text: &[u8], at: usize) -> usize {
    match byte(text, at) {
        b'{' | b'[' => container(text, at),
        _ => scalar(text, at),
    }
}

/// Passes a value that is neither array nor object.
#[inline]
fn scalar(text: &[u8], at: usize) -> usize {
    let word = word(text, at);
    match word as u8 {
        b'"' => string::<false>(text, at + 1),
        b'-' | b'0'..=b'9' => number(text, at, word),
        b't' if word as u32 == u32::from_le_bytes(*b"true") => at + 4,
        b'n' if word as u32 == u32::from_le_bytes(*b"null") => at + 4,
        b'f' if word << 24 == u64::from_le_bytes(*b"\0\0\0false") => at + 5,
        _ => NOT_PLAIN,
    }
}

/// Passes an array or object with all that is in it. Which of the two each level is, is one bit.
#[inline]
fn container(text: &[u8], mut at: usize) -> usize {
    let (mut objects, mut depth) = (0_u64, 0);
    loop {
        // Before a value.
        let opening = byte(text, at);
        if opening == b'{' || opening == b'[' {
            if depth == MOST_DEPTH {
                return NOT_PLAIN;
            }
            let is_object = opening == b'{';
            (objects, depth) = ((objects << 1) | u64::from(is_object), depth + 1);
            at = behind_mark(text, at, word(text, at));
            if byte(text, at) != if is_object { b'}' } else { b']' } {
                at = if is_object { key(text, at) } else { at };
                if at == NOT_PLAIN {
                    return NOT_PLAIN;
                }
                continue;
            }
            (objects, depth, at) = (objects >> 1, depth - 1, at + 1);
        } else {
            at = scalar(text, at);
            if at == NOT_PLAIN {
                return NOT_PLAIN;
            }
        }
        // Behind a value: the ends of what it is in, and another one.
        let mut next;
        loop {
            if depth == 0 {
                return at;
            }
            at = spaces(text, at);
            next = word(text, at);
            match next as u8 {
                b',' => break,
                b'}' if objects & 1 == 1 => {}
                b']' if objects & 1 == 0 => {}
                _ => return NOT_PLAIN,
            }
            (objects, depth, at) = (objects >> 1, depth - 1, at + 1);
        }
        at = behind_mark(text, at, next);
        if objects & 1 == 1 {
            at = key(text, at);
            if at == NOT_PLAIN {
                return NOT_PLAIN;
            }
        }
    }
}

/// Passes a key of an object that is passed over, the colon, and the white space behind it.
#[inline]
fn key(text: &[u8], at: usize) -> usize {
    if byte(text, at) != b'"' {
        return NOT_PLAIN;
    }
    colon(text, string::<false>(text, at + 1))
}

/// Passes the colon behind a key, and the white space.
#[inline]
fn colon(text: &[u8], at: usize) -> usize {
    if at == NOT_PLAIN {
        return NOT_PLAIN;
    }
    let at = spaces(text, at);
    let word = word(text, at);
    if word as u8 == b':' { behind_mark(text, at, word) } else { NOT_PLAIN }
}

/// Passes the rest of a text behind its first quote. One that is to be compared must have no escapes and be UTF-8: `serde_json` reads it.
#[inline]
fn string<const COMPARED: bool>(text: &[u8], at: usize) -> usize {
    // Less than eight plain bytes need no loop.
    let word = word(text, at);
    let bits = special(word).trailing_zeros() & !7;
    if bits < 64 && (word >> bits) as u8 == b'"' && (!COMPARED || word & HIGH == 0) {
        return at + (bits / 8) as usize + 1;
    }
    any_string::<COMPARED>(text, at)
}

fn any_string<const COMPARED: bool>(text: &[u8], from: usize) -> usize {
    let (mut at, mut high) = (from, 0);
    loop {
        let word = word(text, at);
        let special = special(word);
        high |= word;
        if special == 0 {
            at += 8;
            continue;
        }
        let bits = special.trailing_zeros() & !7;
        at += (bits / 8) as usize;
        match (word >> bits) as u8 {
            b'"' if !COMPARED || high & HIGH == 0 => return at + 1,
            b'"' if std::str::from_utf8(&text[from..at]).is_ok() => return at + 1,
            b'\\' if !COMPARED => {
                at = escape(text, at + 1);
                if at == NOT_PLAIN {
                    return NOT_PLAIN;
                }
            }
            _ => return NOT_PLAIN,
        }
    }
}

/// Passes what is behind a backslash.
fn escape(text: &[u8], at: usize) -> usize {
    match byte(text, at) {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => at + 1,
        b'u' if (1..=4).all(|more| byte(text, at + more).is_ascii_hexdigit()) => at + 5,
        _ => NOT_PLAIN,
    }
}

/// Passes a number, of which this is the first word.
#[inline]
fn number(text: &[u8], at: usize, word: u64) -> usize {
    let bits = others(word).trailing_zeros() & !7;
    // Nearly all are integers of at most seven digits.
    if bits == 0 || bits == 64 || word as u8 == b'0' || matches!((word >> bits) as u8, b'.' | b'e' | b'E') {
        return any_number(text, at);
    }
    at + (bits / 8) as usize
}

fn any_number(text: &[u8], mut at: usize) -> usize {
    if byte(text, at) == b'-' {
        at += 1;
    }
    at = match byte(text, at) {
        b'0' => at + 1,
        b'1'..=b'9' => digits(text, at + 1),
        _ => return NOT_PLAIN,
    };
    if byte(text, at) == b'.' {
        if !byte(text, at + 1).is_ascii_digit() {
            return NOT_PLAIN;
        }
        at = digits(text, at + 2);
    }
    if matches!(byte(text, at), b'e' | b'E') {
        at += 1;
        if matches!(byte(text, at), b'+' | b'-') {
            at += 1;
        }
        if !byte(text, at).is_ascii_digit() {
            return NOT_PLAIN;
        }
        at = digits(text, at + 1);
    }
    at
}

fn digits(text: &[u8], mut at: usize) -> usize {
    loop {
        let others = others(word(text, at));
        if others != 0 {
            return at + (others.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
}

/// Passes white space, of which there is none or one most of the time.
#[inline]
fn spaces(text: &[u8], at: usize) -> usize {
    if byte(text, at) > b' ' { at } else { many_spaces(text, at) }
}

/// Passes one byte, of which this is the word, and the white space behind it.
#[inline]
fn behind_mark(text: &[u8], at: usize, word: u64) -> usize {
    if (word >> 8) as u8 > b' ' {
        at + 1
    } else if (word >> 8) as u8 == b' ' && (word >> 16) as u8 > b' ' {
        at + 2
    } else {
        many_spaces(text, at + 1)
    }
}

fn many_spaces(text: &[u8], mut at: usize) -> usize {
    while matches!(byte(text, at), b' ' | b'\n' | b'\t' | b'\r') {
        at += 1;
    }
    at
}
