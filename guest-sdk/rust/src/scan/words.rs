//! Eight bytes of a text at once, as a number, and what can be asked of them.
//!
//! Owns nothing. Invariant: behind its end a text is zeros.

/// Each byte of a word.
const ONES: u64 = u64::from_ne_bytes([1; 8]);
/// The highest bit of each byte of a word.
pub(super) const HIGH: u64 = ONES << 7;

/// 0 behind the end, which no JSON text has in it.
#[inline(always)]
pub(super) fn byte(text: &[u8], at: usize) -> u8 {
    if at < text.len() { text[at] } else { 0 }
}

/// Eight bytes, the first one lowest; behind the end as [`byte`].
#[inline(always)]
pub(super) fn word(text: &[u8], at: usize) -> u64 {
    match text.get(at..).and_then(<[u8]>::first_chunk) {
        Some(word) => u64::from_le_bytes(*word),
        None => last_word(text, at),
    }
}

/// A word that reaches beyond the end.
#[cold]
#[inline(never)]
fn last_word(text: &[u8], at: usize) -> u64 {
    let missing = (at.wrapping_add(8)).wrapping_sub(text.len());
    match text.last_chunk() {
        Some(word) if missing < 8 => u64::from_le_bytes(*word) >> (missing * 8),
        _ => short_word(text.get(at..).unwrap_or_default()),
    }
}

/// The same as [`word`], in a form that the compiler can work out where it knows the text.
#[inline(always)]
pub(super) fn exact_word(text: &[u8], at: usize) -> u64 {
    let text = text.get(at..).unwrap_or_default();
    text.first_chunk().map_or_else(|| short_word(text), |word| u64::from_le_bytes(*word))
}

/// Less than eight bytes as a word.
#[inline(always)]
fn short_word(text: &[u8]) -> u64 {
    match text {
        [] => 0,
        [a] => u64::from_le_bytes([*a, 0, 0, 0, 0, 0, 0, 0]),
        [a, b] => u64::from_le_bytes([*a, *b, 0, 0, 0, 0, 0, 0]),
        [a, b, c] => u64::from_le_bytes([*a, *b, *c, 0, 0, 0, 0, 0]),
        [a, b, c, d] => u64::from_le_bytes([*a, *b, *c, *d, 0, 0, 0, 0]),
        [a, b, c, d, e] => u64::from_le_bytes([*a, *b, *c, *d, *e, 0, 0, 0]),
        [a, b, c, d, e, f] => u64::from_le_bytes([*a, *b, *c, *d, *e, *f, 0, 0]),
        [a, b, c, d, e, f, g, ..] => u64::from_le_bytes([*a, *b, *c, *d, *e, *f, *g, 0]),
    }
}

/// The highest bit of each byte of a word that is a quote, a backslash or a control character. The lowest one is right;
/// of those above some may be wrong.
#[inline(always)]
pub(super) const fn special(word: u64) -> u64 {
    same(word, b'"') | same(word, b'\\') | (word.wrapping_sub(ONES * 0x20) & !word & HIGH)
}

/// The same for those that are this byte.
#[inline(always)]
pub(super) const fn same(word: u64, byte: u8) -> u64 {
    let difference = word ^ (ONES * byte as u64);
    difference.wrapping_sub(ONES) & !difference & HIGH
}

/// The same for those that are no digits.
#[inline(always)]
pub(super) const fn others(word: u64) -> u64 {
    let value = word ^ (ONES * b'0' as u64);
    (value.wrapping_add(ONES * 0x76) | value) & HIGH
}
