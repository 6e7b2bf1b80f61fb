//! The strings of a JSON text, one by one, each with the place it is in; everything between them untouched. Does not
//! recurse.

/// A part of the text.
pub(super) enum Piece<'t> {
    /// Brackets, numbers, colons.
    Other(&'t str),
    /// A string with its quotes, below this member of the outermost object.
    Text { raw: &'t str, field: String, place: Place },
}

/// Where a string stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In a field, or in lists and objects of one.
    Plain,
    /// It is a member's name.
    Key,
    /// In a tagged value of neutral JSON.
    Tagged,
}

impl Place {
    /// Why a template is not rendered there.
    pub(super) const fn why_not(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Key => Some("it is a key, and Airflow does not render keys"),
            Self::Tagged => Some("it is inside a tagged value such as `$tuple`, where templates are not rendered"),
        }
    }
}

/// The pieces of a text that is JSON.
pub(super) struct Strings<'t> {
    rest: &'t str,
    /// For each open bracket: whether a tag stands in it, or around it.
    open: Vec<bool>,
    field: String,
}

impl<'t> Strings<'t> {
    pub(super) fn split(text: &'t str) -> Self {
        Self { rest: text, open: Vec::new(), field: String::new() }
    }

    fn take(&mut self, end: usize) -> &'t str {
        let (piece, rest) = self.rest.split_at(end);
        self.rest = rest;
        piece
    }

    fn brackets(&mut self, text: &str) {
        for byte in text.bytes() {
            match byte {
                b'{' | b'[' => self.open.push(self.open.last().copied().unwrap_or(false)),
                b'}' | b']' => drop(self.open.pop()),
                _ => {}
            }
        }
    }
}

impl<'t> Iterator for Strings<'t> {
    type Item = Piece<'t>;

    fn next(&mut self) -> Option<Piece<'t>> {
        if self.rest.is_empty() {
            return None;
        }
        if !self.rest.starts_with('"') {
            let end = self.rest.find('"').unwrap_or(self.rest.len());
            let other = self.take(end);
            self.brackets(other);
            return Some(Piece::Other(other));
        }
        let end = end_of_string(self.rest);
        let raw = self.take(end);
        let tagged = self.open.last().copied().unwrap_or(false);
        let is_key = self.rest.trim_start().starts_with(':');
        if is_key && self.open.len() == 1 {
            self.field = serde_json::from_str(raw).unwrap_or_default();
        }
        if is_key
            && raw.starts_with("\"$")
            && let Some(here) = self.open.last_mut()
        {
            *here = true;
        }
        let place = if is_key {
            Place::Key
        } else if tagged {
            Place::Tagged
        } else {
            Place::Plain
        };
        Some(Piece::Text { raw, field: self.field.clone(), place })
    }
}

/// Behind the closing quote of the string that the text begins with.
fn end_of_string(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}
