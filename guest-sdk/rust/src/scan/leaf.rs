//! What has no parts: texts, numbers, words, and the white space between them.
//!
//! Owns nothing. Invariant: each passes what `serde_json` passes, and gives the place behind it. What is usual is done
//! in place, without a loop.

use super::NOT_PLAIN;
use super::words::{HIGH, byte, others, special, word};

/// Passes a value that is neither array nor object, of which this is the first word.
#[inline(always)]
pub(super) fn scalar(text: &[u8], at: usize, first: u64) -> usize {
    if first as u8 == b'"' {
        return string(text, at + 1, word(text, at + 1));
    }
    let bits = others(first).trailing_zeros() & !7;
    // Nearly all numbers are integers of at most seven digits.
    if bits == 0 || bits == 64 || first as u8 == b'0' || matches!((first >> bits) as u8, b'.' | b'e' | b'E') {
        return any_scalar(text, at, first);
    }
    at + (bits / 8) as usize
}

#[inline(never)]
fn any_scalar(text: &[u8], at: usize, first: u64) -> usize {
    match first as u8 {
        b'-' | b'0'..=b'9' => number(text, at),
        b't' if first as u32 == u32::from_le_bytes(*b"true") => at + 4,
        b'n' if first as u32 == u32::from_le_bytes(*b"null") => at + 4,
        b'f' if first << 24 == u64::from_le_bytes(*b"\0\0\0false") => at + 5,
        _ => NOT_PLAIN,
    }
}

fn number(text: &[u8], mut at: usize) -> usize {
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

/// Passes the rest of a text behind its first quote, of which this is the first word.
#[inline(always)]
pub(super) fn string(text: &[u8], at: usize, first: u64) -> usize {
    let end = special(first);
    let bits = end.trailing_zeros() & !7;
    // Less than eight plain bytes need no loop.
    if end != 0 && (first >> bits) as u8 == b'"' { at + (bits / 8) as usize + 1 } else { any_string(text, at, false) }
}

/// The same for a key that was compared, which must have no escapes and be UTF-8: `serde_json` reads it.
#[inline(always)]
pub(super) fn compared(text: &[u8], at: usize, first: u64) -> usize {
    if first & HIGH == 0 {
        let end = special(first);
        let bits = end.trailing_zeros() & !7;
        if end != 0 && (first >> bits) as u8 == b'"' {
            return at + (bits / 8) as usize + 1;
        }
    }
    any_string(text, at, true)
}

#[inline(never)]
fn any_string(text: &[u8], from: usize, is_compared: bool) -> usize {
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
            b'"' if !is_compared || high & HIGH == 0 => return at + 1,
            b'"' if std::str::from_utf8(&text[from..at]).is_ok() => return at + 1,
            b'\\' if !is_compared => {
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

/// Passes white space, of which there is none most of the time.
#[inline(always)]
pub(super) fn spaces(text: &[u8], at: usize) -> usize {
    if byte(text, at) > b' ' { at } else { many_spaces(text, at) }
}

/// Passes one byte, of which this is the word, and the white space behind it.
#[inline(always)]
pub(super) fn behind_mark(text: &[u8], at: usize, word: u64) -> usize {
    if (word >> 8) as u8 > b' ' {
        at + 1
    } else if (word >> 8) as u8 == b' ' && (word >> 16) as u8 > b' ' {
        at + 2
    } else {
        many_spaces(text, at + 1)
    }
}

#[inline(never)]
fn many_spaces(text: &[u8], mut at: usize) -> usize {
    while matches!(byte(text, at), b' ' | b'\n' | b'\t' | b'\r') {
        at += 1;
    }
    at
}
