//! Strings that may hold lone surrogates, as Python's may.

use std::borrow::Cow;

/// A string in generalised UTF-8: UTF-8 but for lone surrogates, which have three bytes of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text<'d>(&'d [u8]);

impl<'d> Text<'d> {
    pub(super) const fn new(bytes: &'d [u8]) -> Self {
        Self(bytes)
    }

    /// The text, unless it holds a lone surrogate.
    pub fn as_str(self) -> Option<&'d str> {
        str::from_utf8(self.0).ok()
    }

    /// Whether it is this text.
    pub fn is(self, text: &str) -> bool {
        self.0 == text.as_bytes()
    }

    /// Whether it begins with this text.
    pub fn starts_with(self, text: &str) -> bool {
        self.0.starts_with(text.as_bytes())
    }

    /// For people: lone surrogates become replacement characters.
    pub fn to_lossy(self) -> Cow<'d, str> {
        String::from_utf8_lossy(self.0)
    }

    /// As UTF-16 code units, lone surrogates included.
    pub fn utf16(self) -> Vec<u16> {
        let mut units = Vec::with_capacity(self.0.len());
        for part in self.parts() {
            match part {
                Part::Text(text) => units.extend(text.encode_utf16()),
                Part::Lone(unit) => units.push(unit),
            }
        }
        units
    }

    /// Writes it as a JSON string; lone surrogates as `\uXXXX`.
    pub fn write(self, out: &mut String) {
        out.push('"');
        for part in self.parts() {
            match part {
                Part::Text(text) => escape(text, out),
                Part::Lone(unit) => push_unit(unit, out),
            }
        }
        out.push('"');
    }

    fn parts(self) -> impl Iterator<Item = Part<'d>> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let valid = match str::from_utf8(rest) {
                Ok(text) => {
                    rest = &[];
                    return Some(Part::Text(text));
                }
                Err(error) => error.valid_up_to(),
            };
            if valid > 0 {
                let (text, behind) = rest.split_at(valid);
                rest = behind;
                return Some(Part::Text(str::from_utf8(text).unwrap_or_default()));
            }
            let (lone, behind) = rest.split_at(rest.len().min(3));
            rest = behind;
            let bits = |at: usize| u16::from(lone.get(at).copied().unwrap_or_default() & 0x3f);
            Some(Part::Lone(0xd000 | (bits(1) << 6) | bits(2)))
        })
    }
}

enum Part<'d> {
    Text(&'d str),
    Lone(u16),
}

/// Appends what a string of JSON stands for. `quoted` has been scanned: its quotes are there, and its escapes are
/// whole.
pub(super) fn unescape(quoted: &str, out: &mut Vec<u8>) {
    let mut rest = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
    while let Some((before, behind)) = rest.split_once('\\') {
        out.extend_from_slice(before.as_bytes());
        let mut chars = behind.chars();
        let plain = match chars.next() {
            Some('u') => {
                rest = unescape_unit(chars.as_str(), out);
                continue;
            }
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some(other) => other,
            None => break,
        };
        out.extend_from_slice(plain.encode_utf8(&mut [0; 4]).as_bytes());
        rest = chars.as_str();
    }
    out.extend_from_slice(rest.as_bytes());
}

/// What `\uXXXX` stands for, together with the other half of a pair when it follows. Gives back what is behind.
fn unescape_unit<'t>(digits: &'t str, out: &mut Vec<u8>) -> &'t str {
    let (unit, behind) = split_unit(digits);
    let pair = behind.strip_prefix("\\u").map(split_unit);
    let whole = match pair {
        Some((second, rest)) if (0xd800..0xdc00).contains(&unit) => {
            char::decode_utf16([unit, second]).next().and_then(Result::ok).map(|both| (both, rest))
        }
        _ => char::from_u32(u32::from(unit)).map(|one| (one, behind)),
    };
    match whole {
        Some((char, rest)) => {
            out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
            rest
        }
        None => {
            push_lone(unit, out);
            behind
        }
    }
}

fn split_unit(digits: &str) -> (u16, &str) {
    let (digits, behind) = digits.split_at_checked(4).unwrap_or((digits, ""));
    (u16::from_str_radix(digits, 16).unwrap_or_default(), behind)
}

/// Appends a UTF-16 code unit that has no partner.
fn push_lone(unit: u16, out: &mut Vec<u8>) {
    let low = |shift: u16| 0x80 | u8::try_from((unit >> shift) & 0x3f).unwrap_or_default();
    out.extend([0xed, low(6), low(0)]);
}

/// Writes UTF-16 code units as a JSON string, each escaped: pairs are put together again by whoever reads it.
pub(crate) fn write_units(units: &[u16], out: &mut String) {
    out.push('"');
    units.iter().for_each(|unit| push_unit(*unit, out));
    out.push('"');
}

/// Writes `text` as a JSON string.
pub(crate) fn write_str(text: &str, out: &mut String) {
    out.push('"');
    escape(text, out);
    out.push('"');
}

fn escape(text: &str, out: &mut String) {
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let short = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x08 => "\\b",
            0x0c => "\\f",
            0..0x20 => "",
            _ => continue,
        };
        out.push_str(&text[from..at]);
        if short.is_empty() {
            push_unit(u16::from(byte), out)
        } else {
            out.push_str(short)
        }
        from = at + 1;
    }
    out.push_str(&text[from..]);
}

fn push_unit(unit: u16, out: &mut String) {
    out.push_str("\\u");
    for shift in [12, 8, 4, 0] {
        out.push(char::from_digit(u32::from(unit >> shift) & 0xf, 16).unwrap_or('0'));
    }
}
