//! Reads JSON text into a [`Document`] with a stack of its own, within a bound on nesting.
//!
//! Accepts what Python's `json.loads` accepts; bare words for numbers only where the limits say so. Raw control characters in strings are
//! refused there too.

use std::collections::HashMap;

use super::text::push_lone;
use super::{Document, Entry, Id, Node, NotFinite, Span};

/// How much is read.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Containers within containers.
    pub depth: usize,
    /// Bytes of text.
    pub bytes: usize,
    /// Whether `NaN`, `Infinity` and `-Infinity` are numbers.
    pub bare_words: bool,
}

/// Text that is not JSON, or beyond the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {at}")]
pub struct JsonError {
    /// Where.
    pub at: usize,
    /// What is wrong there.
    pub what: &'static str,
}

/// The most text that node numbers and spans of 32 bits can stand for.
const MAX_BYTES: usize = 1 << 30;

pub(super) fn read(text: &str, limits: Limits) -> Result<Document, JsonError> {
    if text.len() > limits.bytes.min(MAX_BYTES) {
        return Err(JsonError { at: limits.bytes.min(MAX_BYTES), what: "text that is too long" });
    }
    let document =
        Document { nodes: Vec::new(), items: Vec::new(), entries: Vec::new(), text: Vec::new(), root: Id(0) };
    let mut reader = Reader {
        source: text,
        bytes: text.as_bytes(),
        at: 0,
        limits,
        document,
        open: Vec::new(),
        values: Vec::new(),
        keys: Vec::new(),
    };
    reader.whole()?;
    Ok(reader.document)
}

/// A container that is not closed yet.
struct Open {
    /// Where its values begin in `Reader::values`.
    first: usize,
    /// Where its keys begin in `Reader::keys`; `None` for a list.
    first_key: Option<usize>,
}

struct Reader<'s> {
    source: &'s str,
    bytes: &'s [u8],
    at: usize,
    limits: Limits,
    document: Document,
    open: Vec<Open>,
    values: Vec<Id>,
    keys: Vec<Span>,
}

impl Reader<'_> {
    fn whole(&mut self) -> Result<(), JsonError> {
        self.begin_value()?;
        while let Some(open) = self.open.last() {
            let is_list = open.first_key.is_none();
            self.blank();
            match self.peek() {
                Some(b',') => {
                    self.at += 1;
                    self.blank();
                    if !is_list {
                        self.entry_key()?;
                    }
                    self.begin_value()?;
                }
                Some(b']') if is_list => self.close(),
                Some(b'}') if !is_list => self.close(),
                _ => return Err(self.wrong(if is_list { "expected `,` or `]`" } else { "expected `,` or `}`" })),
            }
        }
        self.blank();
        if self.at < self.bytes.len() {
            return Err(self.wrong("expected the end"));
        }
        // The outermost value is finished last.
        self.document.root = self.values.pop().unwrap_or(Id(0));
        Ok(())
    }

    /// Reads a scalar whole, or opens a container up to its first value.
    fn begin_value(&mut self) -> Result<(), JsonError> {
        loop {
            self.blank();
            let opens_object = match self.peek() {
                Some(b'[') => false,
                Some(b'{') => true,
                _ => return self.scalar(),
            };
            if self.open.len() >= self.limits.depth {
                return Err(self.wrong("nested too deeply"));
            }
            self.at += 1;
            let first_key = opens_object.then_some(self.keys.len());
            self.open.push(Open { first: self.values.len(), first_key });
            self.blank();
            match self.peek() {
                Some(b']') if !opens_object => break self.close(),
                Some(b'}') if opens_object => break self.close(),
                _ if opens_object => self.entry_key()?,
                _ => {}
            }
        }
        Ok(())
    }

    fn close(&mut self) {
        self.at += 1;
        let Some(open) = self.open.pop() else { return };
        let node = match open.first_key {
            None => {
                let from = index(self.document.items.len());
                self.document.items.extend(self.values.drain(open.first..));
                Node::List(Span { from, to: index(self.document.items.len()) })
            }
            Some(first_key) => {
                let from = index(self.document.entries.len());
                let pairs = self.keys.drain(first_key..).zip(self.values.drain(open.first..));
                self.document.entries.extend(pairs.map(|(key, value)| Entry { key, value }));
                self.document.forget_repeated_keys(from as usize);
                Node::Object(Span { from, to: index(self.document.entries.len()) })
            }
        };
        self.push(node);
    }

    fn push(&mut self, node: Node) {
        self.values.push(Id(index(self.document.nodes.len())));
        self.document.nodes.push(node);
    }

    fn entry_key(&mut self) -> Result<(), JsonError> {
        if self.peek() != Some(b'"') {
            return Err(self.wrong("expected a key"));
        }
        let key = self.string()?;
        self.keys.push(key);
        self.blank();
        if self.peek() != Some(b':') {
            return Err(self.wrong("expected `:`"));
        }
        self.at += 1;
        Ok(())
    }

    fn scalar(&mut self) -> Result<(), JsonError> {
        let node = match self.peek() {
            Some(b'"') => Node::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') if !self.rest().starts_with("-Infinity") => self.number()?,
            _ => self.word()?,
        };
        self.push(node);
        Ok(())
    }

    fn word(&mut self) -> Result<Node, JsonError> {
        let words = [
            ("null", Node::Null),
            ("true", Node::Bool(true)),
            ("false", Node::Bool(false)),
            ("NaN", Node::NotFinite(NotFinite::NaN)),
            ("Infinity", Node::NotFinite(NotFinite::Infinity)),
            ("-Infinity", Node::NotFinite(NotFinite::MinusInfinity)),
        ];
        let Some((word, node)) = words.into_iter().find(|(word, _)| self.rest().starts_with(word)) else {
            return Err(self.wrong("expected a value"));
        };
        if matches!(node, Node::NotFinite(_)) && !self.limits.bare_words {
            return Err(self.wrong("a number that JSON does not have"));
        }
        self.at += word.len();
        Ok(node)
    }

    fn number(&mut self) -> Result<Node, JsonError> {
        let from = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        let whole = self.digits()?;
        if whole > 1 && self.bytes[self.at - whole] == b'0' {
            return Err(self.wrong("a number with a zero in front"));
        }
        let mut is_float = false;
        if self.peek() == Some(b'.') {
            is_float = true;
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            is_float = true;
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            self.digits()?;
        }
        let start = index(self.document.text.len());
        self.document.text.extend_from_slice(&self.bytes[from..self.at]);
        let span = Span { from: start, to: index(self.document.text.len()) };
        Ok(if is_float { Node::Float(span) } else { Node::Integer(span) })
    }

    fn digits(&mut self) -> Result<usize, JsonError> {
        let from = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == from { Err(self.wrong("expected a digit")) } else { Ok(self.at - from) }
    }

    fn string(&mut self) -> Result<Span, JsonError> {
        self.at += 1;
        let from = index(self.document.text.len());
        loop {
            let plain = self.bytes[self.at..].iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20)).count();
            self.document.text.extend_from_slice(&self.bytes[self.at..self.at + plain]);
            self.at += plain;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Span { from, to: index(self.document.text.len()) });
                }
                Some(b'\\') => self.escape()?,
                Some(_) => return Err(self.wrong("a control character in a string")),
                None => return Err(self.wrong("a string without an end")),
            }
        }
    }

    fn escape(&mut self) -> Result<(), JsonError> {
        self.at += 1;
        let plain = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => byte,
            Some(b'b') => 0x08,
            Some(b'f') => 0x0c,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => return self.unicode(),
            _ => return Err(self.wrong("an unknown escape")),
        };
        self.at += 1;
        self.document.text.push(plain);
        Ok(())
    }

    /// `\uXXXX`, and the other half of a pair when it follows.
    fn unicode(&mut self) -> Result<(), JsonError> {
        let unit = self.unit()?;
        let second_follows = (0xd800..0xdc00).contains(&unit) && self.rest().starts_with("\\u");
        let mut decoded = char::from_u32(u32::from(unit));
        if second_follows {
            let before = self.at;
            self.at += 1;
            let second = self.unit()?;
            decoded = char::decode_utf16([unit, second]).next().and_then(Result::ok);
            if decoded.is_none() {
                // What follows stands for itself.
                self.at = before;
            }
        }
        match decoded {
            Some(decoded) => self.document.text.extend_from_slice(decoded.encode_utf8(&mut [0; 4]).as_bytes()),
            None => push_lone(unit, &mut self.document.text),
        }
        Ok(())
    }

    /// Four hex digits behind the `u` that is next.
    fn unit(&mut self) -> Result<u16, JsonError> {
        let digits =
            self.source.get(self.at + 1..self.at + 5).filter(|four| four.bytes().all(|b| b.is_ascii_hexdigit()));
        let Some(unit) = digits.and_then(|four| u16::from_str_radix(four, 16).ok()) else {
            return Err(self.wrong("expected four hex digits"));
        };
        self.at += 5;
        Ok(unit)
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn rest(&self) -> &str {
        self.source.get(self.at..).unwrap_or_default()
    }

    const fn wrong(&self, what: &'static str) -> JsonError {
        JsonError { at: self.at, what }
    }
}

impl Document {
    /// In the entries from `first` on: the last value of a repeated key, in the place of the first.
    fn forget_repeated_keys(&mut self, first: usize) {
        let entries = &self.entries[first..];
        let mut seen: HashMap<&[u8], usize> = HashMap::with_capacity(entries.len());
        let mut kept: Vec<Entry> = Vec::with_capacity(entries.len());
        for entry in entries {
            match seen.entry(&self.text[entry.key.range()]) {
                std::collections::hash_map::Entry::Occupied(place) => kept[*place.get()].value = entry.value,
                std::collections::hash_map::Entry::Vacant(place) => {
                    place.insert(kept.len());
                    kept.push(*entry);
                }
            }
        }
        if kept.len() < entries.len() {
            self.entries.truncate(first);
            self.entries.extend(kept);
        }
    }
}

/// Never cut off: the text is at most a gigabyte, and every node, item, entry and byte of text needs at least one byte of it.
fn index(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
