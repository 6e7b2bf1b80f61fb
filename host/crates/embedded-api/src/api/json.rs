//! JSON as Airflow's server reads it: Python's parser, which takes `NaN`, `Infinity`, lone surrogates and integers of any length, and words
//! its complaints in its own way. The texts are kept as they are; nothing is built but the list of a top-level object's members.

/// How deep Python's parser follows.
const DEPTH: usize = 990;

/// Why a text is not a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotJson {
    /// Wrong at this character, counted from 0, with Python's words for it.
    Syntax(usize, &'static str),
    /// Nested deeper than the parser follows.
    TooDeep,
}

/// A well-formed text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Json<'a> {
    /// Without white space around it.
    pub(super) text: &'a str,
    /// Key and text of each member, if it is an object.
    pub(super) members: Option<Members<'a>>,
}

/// Key and text of each member of an object, in order.
pub(super) type Members<'a> = Vec<(String, &'a str)>;

/// Checks a text.
pub(super) fn read(text: &str) -> Result<Json<'_>, NotJson> {
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0 };
    reader.space();
    let start = reader.at;
    let mut members = (reader.peek() == Some(b'{')).then(Vec::new);
    reader.value(0, members.as_mut())?;
    let whole = &text[start..reader.at];
    reader.space();
    if reader.at < text.len() {
        return Err(reader.wrong("Extra data"));
    }
    Ok(Json { text: whole, members })
}

/// The texts of a list's items; `None` for anything else. For a text that [`read`] has checked.
pub(super) fn items(text: &str) -> Option<Vec<&str>> {
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0 };
    let mut items = Vec::new();
    (reader.peek() == Some(b'[') && reader.array(0, Some(&mut items)).is_ok()).then_some(items)
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize, members: Option<&mut Members<'a>>) -> Result<(), NotJson> {
        if depth > DEPTH {
            return Err(NotJson::TooDeep);
        }
        match self.peek() {
            Some(b'{') => self.object(depth, members),
            Some(b'[') => self.array(depth, None),
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ if self.word("null") || self.word("true") || self.word("false") => Ok(()),
            _ if self.word("NaN") || self.word("Infinity") => Ok(()),
            _ => Err(self.wrong("Expecting value")),
        }
    }

    fn object(&mut self, depth: usize, mut members: Option<&mut Members<'a>>) -> Result<(), NotJson> {
        self.at += 1;
        self.space();
        if self.next_is(b'}') {
            return Ok(());
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.wrong("Expecting property name enclosed in double quotes"));
            }
            let key = self.slice(Self::string)?;
            self.space();
            if !self.next_is(b':') {
                return Err(self.wrong("Expecting ':' delimiter"));
            }
            self.space();
            let value = self.slice(|reader| reader.value(depth + 1, None))?;
            if let Some(members) = members.as_deref_mut() {
                // A lone surrogate in a key is the one thing that is not a Rust string; its text then stands for it.
                members.push((serde_json::from_str(key).unwrap_or_else(|_| key.to_owned()), value));
            }
            if self.ends(b'}')? {
                return Ok(());
            }
        }
    }

    fn array(&mut self, depth: usize, mut items: Option<&mut Vec<&'a str>>) -> Result<(), NotJson> {
        self.at += 1;
        self.space();
        if self.next_is(b']') {
            return Ok(());
        }
        loop {
            let item = self.slice(|reader| reader.value(depth + 1, None))?;
            if let Some(items) = items.as_deref_mut() {
                items.push(item);
            }
            if self.ends(b']')? {
                return Ok(());
            }
        }
    }

    /// Whether the container ends here; else it goes on after a comma.
    fn ends(&mut self, bracket: u8) -> Result<bool, NotJson> {
        self.space();
        if self.next_is(bracket) {
            return Ok(true);
        }
        if !self.next_is(b',') {
            return Err(self.wrong("Expecting ',' delimiter"));
        }
        self.space();
        Ok(false)
    }

    fn string(&mut self) -> Result<(), NotJson> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape(start)?,
                Some(0..=0x1f) => return Err(self.wrong("Invalid control character at")),
                Some(_) => self.at += 1,
                None => return Err(self.wrong_at(start, "Unterminated string starting at")),
            }
        }
    }

    fn escape(&mut self, start: usize) -> Result<(), NotJson> {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                let digits = self.bytes.get(self.at + 2..self.at + 6);
                if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
                    return Err(self.wrong_at(self.at + 1, "Invalid \\uXXXX escape"));
                }
                self.at += 6;
            }
            Some(_) => return Err(self.wrong("Invalid \\escape")),
            None => return Err(self.wrong_at(start, "Unterminated string starting at")),
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), NotJson> {
        if self.word("-Infinity") {
            return Ok(());
        }
        let start = self.at;
        self.next_is(b'-');
        if !self.next_is(b'0') && self.digits() == 0 {
            return Err(self.wrong_at(start, "Expecting value"));
        }
        // A point or an exponent without digits is not part of the number, and then wrong as what follows it.
        for lead in [&b"."[..], b"eE"] {
            let before = self.at;
            if self.peek().is_some_and(|byte| lead.contains(&byte)) {
                self.at += 1;
                if lead.len() == 2 && !self.next_is(b'-') {
                    self.next_is(b'+');
                }
                if self.digits() == 0 {
                    self.at = before;
                }
            }
        }
        Ok(())
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - start
    }

    fn word(&mut self, word: &str) -> bool {
        let there = self.bytes[self.at..].starts_with(word.as_bytes());
        if there {
            self.at += word.len();
        }
        there
    }

    fn slice(&mut self, read: impl FnOnce(&mut Self) -> Result<(), NotJson>) -> Result<&'a str, NotJson> {
        let start = self.at;
        read(self)?;
        Ok(&self.text[start..self.at])
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn next_is(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn wrong(&self, what: &'static str) -> NotJson {
        self.wrong_at(self.at, what)
    }

    /// Python counts characters, not bytes. Every place this is called with is the beginning of one.
    fn wrong_at(&self, at: usize, what: &'static str) -> NotJson {
        NotJson::Syntax(self.text.get(..at).map_or(at, |before| before.chars().count()), what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_python_takes() {
        for text in [
            "null",
            " [1, -2.5e+3, NaN, -Infinity, Infinity] ",
            r#"{"a": "\ud800", "b": {}, "c": []}"#,
            "0",
            "1e5",
            "1000000000000000000000000000000",
            r#""é\n""#,
        ] {
            assert!(read(text).is_ok(), "{text}");
        }
        assert!(read(&format!("{}{}", "[".repeat(900), "]".repeat(900))).is_ok());
        assert_eq!(read(&"[".repeat(2_000)), Err(NotJson::TooDeep));
    }

    /// Positions and words as `json.loads` of Python 3.11 gives them.
    #[test]
    fn complains_as_python_does() {
        for (text, at, what) in [
            ("{oops", 1, "Expecting property name enclosed in double quotes"),
            ("", 0, "Expecting value"),
            ("[1,]", 3, "Expecting value"),
            ("{\"é\" 1}", 5, "Expecting ':' delimiter"),
            ("[1 2]", 3, "Expecting ',' delimiter"),
            ("1 2", 2, "Extra data"),
            ("\"abc", 0, "Unterminated string starting at"),
            ("\"a\nb\"", 2, "Invalid control character at"),
            ("-", 0, "Expecting value"),
            ("01", 1, "Extra data"),
        ] {
            assert_eq!(read(text), Err(NotJson::Syntax(at, what)), "{text}");
        }
    }

    #[test]
    fn keeps_the_members_texts() {
        let text = r#" {"a": {"x": 1} , "b" : NaN} "#;
        let read = read(text).unwrap();
        assert_eq!(read.text, text.trim());
        assert_eq!(read.members.unwrap(), [("a".to_owned(), r#"{"x": 1}"#), ("b".to_owned(), "NaN")]);
        assert_eq!(items(r#"[ {"x": [1]} , NaN,"a"]"#).unwrap(), [r#"{"x": [1]}"#, "NaN", "\"a\""]);
        assert_eq!(items("[ ]"), Some(Vec::new()));
        assert_eq!(items("{}"), None);
    }
}
