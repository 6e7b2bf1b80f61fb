//! Where in a JSON text the value of a pointer is, found by looking at each byte once and building nothing.
//!
//! Owns nothing. Invariants: an answer is the one `serde_json` would come to; whatever is not plain (a text that is not
//! JSON, a key with escapes or twice on the way, anything but objects on the way, deep nesting) gets no answer, and the
//! caller asks `serde_json`. What is passed over is checked for form as `IgnoredAny` checks it. Places only grow, so an
//! answer that ends with the text has taken nothing from behind it.
//!
//! Written for wasm under a host that looks up at the beginning of each function and in each turn of a loop: one
//! function with few values in it, one turn for each value, eight bytes at once in a register. Places are numbers, and
//! [`NOT_PLAIN`] is one of them.

mod leaf;
mod token;
mod words;

use std::ops::Range;

use leaf::{behind_mark, compared, scalar, spaces, string};
use token::Token;
use words::{byte, word};

/// Arrays and objects within each other; deeper is not plain. `serde_json` takes twice as many, so this never takes
/// what that refuses.
const MOST_DEPTH: u32 = 60;
/// In the place of a place: the text has no plain answer.
const NOT_PLAIN: usize = usize::MAX;

/// What is at `path`, a pointer without its leading slash, in the text that is the first `length` bytes of `text`: the
/// text of the value, without the white space around it, or nothing (empty). None where the text is not plain. What
/// follows the text saves looking for its end everywhere.
#[inline(always)]
pub(crate) fn find<'t>(text: &'t [u8], length: usize, path: &str) -> Option<&'t [u8]> {
    let mut found = 0..0;
    let path = path.as_bytes();
    let at = object(text, path, Token::first(path), &mut found);
    if at == NOT_PLAIN || spaces(text, at) != length {
        return None;
    }
    text.get(found)
}

/// Passes the object that a text is, with all that is in it. Which of array and object each level is, is one bit.
#[inline(never)]
fn object(text: &[u8], path: &[u8], mut token: Token, found: &mut Range<usize>) -> usize {
    // The level whose keys are compared, and the levels on the way where the key was found.
    let (mut way, mut taken) = (1, 0_u64);
    let mut at = spaces(text, 0);
    if byte(text, at) != b'{' || token.is_strange {
        return NOT_PLAIN;
    }
    at = behind_mark(text, at, word(text, at));
    if byte(text, at) == b'}' {
        return at + 1;
    }
    let (mut objects, mut depth) = (1_u64, 1);
    // Whether the value at hand is looked for.
    let mut is_it = false;
    loop {
        if objects & 1 == 1 {
            if byte(text, at) != b'"' {
                return NOT_PLAIN;
            }
            at += 1;
            let key = word(text, at);
            if depth != way {
                at = string(text, at, key);
            } else if !token.is_at(text, at, key, path) {
                at = compared(text, at, key);
            } else if taken >> way & 1 == 1 {
                return NOT_PLAIN;
            } else {
                (is_it, taken) = (true, taken | 1 << way);
                at += token.length + 1;
            }
            // Behind the end, where NOT_PLAIN is too, there is no colon.
            at = spaces(text, at);
            if byte(text, at) != b':' {
                return NOT_PLAIN;
            }
            at = behind_mark(text, at, word(text, at));
            if is_it && token.is_last {
                found.start = at;
            }
        }
        let first = word(text, at);
        if first as u8 == b'{' || first as u8 == b'[' {
            if depth == MOST_DEPTH {
                return NOT_PLAIN;
            }
            let is_object = first as u8 == b'{';
            (objects, depth) = (objects << 1 | u64::from(is_object), depth + 1);
            if is_it && !token.is_last {
                (is_it, way) = (false, depth);
                token = Token::of(path, way);
                if !is_object || token.is_strange {
                    return NOT_PLAIN;
                }
            }
            at = behind_mark(text, at, first);
            if byte(text, at) != if is_object { b'}' } else { b']' } {
                continue;
            }
        } else {
            at = scalar(text, at, first);
            if at == NOT_PLAIN || (is_it && !token.is_last) {
                return NOT_PLAIN;
            }
        }
        // Behind a value, or at the end of what is empty: the ends of what it is in, and another one.
        loop {
            if is_it && depth == way {
                (is_it, found.end) = (false, at);
            }
            at = spaces(text, at);
            let next = word(text, at);
            match next as u8 {
                b',' => {
                    at = behind_mark(text, at, next);
                    break;
                }
                b'}' if objects & 1 == 1 => {}
                b']' if objects & 1 == 0 => {}
                _ => return NOT_PLAIN,
            }
            (objects, depth, at) = (objects >> 1, depth - 1, at + 1);
            if depth == 0 {
                return at;
            }
            if depth < way {
                way = depth;
                token = Token::of(path, way);
            }
        }
    }
}
