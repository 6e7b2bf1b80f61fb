//! The grammar: cuts a JSON text into tokens, with a stack of its own instead of recursion.
//!
//! Accepts what Python's `json.loads` accepts; bare words for numbers only where the limits say so. Invariant: whatever
//! the tokens are used for, a text is refused at the same byte for the same fault, which is the byte that Python names.

use std::ops::Range;

use super::error::{Inside, JsonError, JsonFault};

/// The numbers that JSON has no word for, but Python writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotFinite {
    /// `NaN`.
    NaN,
    /// `Infinity`.
    Infinity,
    /// `-Infinity`.
    MinusInfinity,
}

impl NotFinite {
    /// As Python's `json` writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NaN => "NaN",
            Self::Infinity => "Infinity",
            Self::MinusInfinity => "-Infinity",
        }
    }
}

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

/// The most text that node numbers and spans of 32 bits can stand for.
const MAX_BYTES: usize = 1 << 30;

/// One piece of a text. Commas and colons are checked, but not given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    Null,
    Bool(bool),
    Integer,
    Float,
    NotFinite(NotFinite),
    /// With its quotes.
    Text,
    /// The same, in front of a colon.
    Key,
    OpenList,
    OpenObject,
    CloseList,
    CloseObject,
}

/// What may come next.
#[derive(Clone, Copy)]
enum Next {
    Value,
    ValueOrClose,
    Key,
    KeyOrClose,
    /// A value is over.
    Delimiter,
}

/// A text and how far it has been cut.
pub(super) struct Scanner<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    limits: Limits,
    next: Next,
    /// For each open container whether it is an object.
    open: Vec<bool>,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str, limits: Limits) -> Result<Self, JsonError> {
        let most = limits.bytes.min(MAX_BYTES);
        if text.len() > most {
            return Err(JsonError { at: most, fault: JsonFault::TooLong });
        }
        Ok(Self { text, bytes: text.as_bytes(), at: 0, limits, next: Next::Value, open: Vec::new() })
    }

    /// The next token and its bytes; `None` at the end of a whole text.
    pub(super) fn next(&mut self) -> Result<Option<(Token, Range<usize>)>, JsonError> {
        loop {
            self.skip_blanks();
            let from = self.at;
            let token = match (self.next, self.peek()) {
                (Next::ValueOrClose, Some(b']')) | (Next::KeyOrClose, Some(b'}')) => self.close(),
                (Next::Value | Next::ValueOrClose, _) => self.value()?,
                (Next::Key | Next::KeyOrClose, _) => return self.key().map(Some),
                (Next::Delimiter, found) => match (found, self.open.last()) {
                    (None, None) => return Ok(None),
                    (Some(b','), Some(is_object)) => {
                        self.next = if *is_object { Next::Key } else { Next::Value };
                        self.at += 1;
                        continue;
                    }
                    (Some(b']'), Some(false)) | (Some(b'}'), Some(true)) => self.close(),
                    _ => return Err(self.fail(JsonFault::Delimiter(self.inside()))),
                },
            };
            return Ok(Some((token, from..self.at)));
        }
    }

    fn close(&mut self) -> Token {
        self.at += 1;
        self.next = Next::Delimiter;
        if self.open.pop() == Some(true) { Token::CloseObject } else { Token::CloseList }
    }

    fn key(&mut self) -> Result<(Token, Range<usize>), JsonError> {
        if self.peek() != Some(b'"') {
            return Err(self.fail(JsonFault::Key));
        }
        let from = self.at;
        self.string()?;
        let key = from..self.at;
        self.skip_blanks();
        if !self.skip(b':') {
            return Err(self.fail(JsonFault::Colon));
        }
        self.next = Next::Value;
        Ok((Token::Key, key))
    }

    /// A scalar, or the bracket that opens a container.
    fn value(&mut self) -> Result<Token, JsonError> {
        let token = match self.peek() {
            Some(bracket @ (b'[' | b'{')) => {
                if self.open.len() >= self.limits.depth {
                    return Err(self.fail(JsonFault::TooDeep));
                }
                let is_object = bracket == b'{';
                self.at += 1;
                self.open.push(is_object);
                self.next = if is_object { Next::KeyOrClose } else { Next::ValueOrClose };
                return Ok(if is_object { Token::OpenObject } else { Token::OpenList });
            }
            Some(b'"') => {
                self.string()?;
                Token::Text
            }
            Some(b'-' | b'0'..=b'9') if !self.rest().starts_with("-Infinity") => self.number()?,
            _ => self.word()?,
        };
        self.next = Next::Delimiter;
        Ok(token)
    }

    fn word(&mut self) -> Result<Token, JsonError> {
        let words = [
            ("null", Token::Null),
            ("true", Token::Bool(true)),
            ("false", Token::Bool(false)),
            ("NaN", Token::NotFinite(NotFinite::NaN)),
            ("Infinity", Token::NotFinite(NotFinite::Infinity)),
            ("-Infinity", Token::NotFinite(NotFinite::MinusInfinity)),
        ];
        let Some((word, token)) = words.into_iter().find(|(word, _)| self.rest().starts_with(word)) else {
            return Err(self.fail(JsonFault::Value));
        };
        if matches!(token, Token::NotFinite(_)) && !self.limits.bare_words {
            return Err(self.fail(JsonFault::BareWord));
        }
        self.at += word.len();
        Ok(token)
    }

    fn number(&mut self) -> Result<Token, JsonError> {
        let from = self.at;
        self.skip(b'-');
        if !self.skip(b'0') && self.skip_digits() == 0 {
            return Err(JsonError { at: from, fault: JsonFault::Value });
        }
        let has_fraction = self.part_of_number(|scanner| scanner.skip(b'.'));
        let has_exponent = self.part_of_number(|scanner| {
            let begins = scanner.skip(b'e') || scanner.skip(b'E');
            if begins && !scanner.skip(b'-') {
                scanner.skip(b'+');
            }
            begins
        });
        match self.peek() {
            Some(b'0'..=b'9' | b'.' | b'e' | b'E') => Err(self.fail(JsonFault::Number(self.inside()))),
            _ if has_fraction || has_exponent => Ok(Token::Float),
            _ => Ok(Token::Integer),
        }
    }

    /// Goes past digits and what is in front of them; past nothing when there are no digits.
    fn part_of_number(&mut self, lead: impl FnOnce(&mut Self) -> bool) -> bool {
        let before = self.at;
        let is_there = lead(self) && self.skip_digits() > 0;
        if !is_there {
            self.at = before;
        }
        is_there
    }

    fn string(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        let unterminated = JsonError { at: start, fault: JsonFault::Unterminated };
        self.at += 1;
        loop {
            let plain = self.bytes[self.at..].iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20)).count();
            self.at += plain;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape(unterminated)?,
                Some(_) => return Err(self.fail(JsonFault::Control)),
                None => return Err(unterminated),
            }
        }
    }

    fn escape(&mut self, unterminated: JsonError) -> Result<(), JsonError> {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                let digits = self.bytes.get(self.at + 2..self.at + 6);
                if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
                    return Err(JsonError { at: self.at + 1, fault: JsonFault::HexDigits });
                }
                self.at += 6;
            }
            Some(_) => return Err(self.fail(JsonFault::Escape)),
            None => return Err(unterminated),
        }
        Ok(())
    }

    fn skip(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    fn skip_digits(&mut self) -> usize {
        let from = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - from
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn inside(&self) -> Inside {
        match self.open.last() {
            None => Inside::Nothing,
            Some(false) => Inside::List,
            Some(true) => Inside::Object,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    const fn fail(&self, fault: JsonFault) -> JsonError {
        JsonError { at: self.at, fault }
    }
}
