//! Walks a [`Document`] in order and writes another text, with a stack of its own instead of recursion.

use super::document::{Document, Id};
use super::text::{Text, write_str, write_units};

/// What is inside a container of the text that is being written.
pub(crate) enum Children<'d> {
    /// Values with commas between.
    Items(&'d [Id]),
    /// `"key": value` with commas between.
    Entries(Vec<(Key<'d>, Id)>),
    /// `["key", value]` with commas between.
    Pairs(Vec<(Text<'d>, Id)>),
    /// Exactly one value.
    One(Id),
}

/// The key of an entry that is written.
pub(crate) enum Key<'d> {
    Text(Text<'d>),
    /// UTF-16 code units with a lone surrogate among them.
    Units(Vec<u16>),
}

impl Children<'_> {
    const fn len(&self) -> usize {
        match self {
            Self::Items(items) => items.len(),
            Self::Entries(entries) => entries.len(),
            Self::Pairs(pairs) => pairs.len(),
            Self::One(_) => 1,
        }
    }
}

struct Frame<'d> {
    children: Children<'d>,
    next: usize,
    close: &'static str,
    hashed: bool,
}

/// Text so far and containers still open.
pub(crate) struct Walk<'d> {
    pub(crate) out: String,
    open: Vec<Frame<'d>>,
    first: Option<Id>,
}

impl<'d> Walk<'d> {
    pub(crate) fn new(document: &Document) -> Self {
        Self { out: String::new(), open: Vec::new(), first: Some(document.root()) }
    }

    /// The next value to write, and whether it is an element of a set, so has to be hashable in Python. Commas, keys
    /// and closing brackets are written on the way.
    pub(crate) fn next(&mut self) -> Option<(Id, bool)> {
        if let Some(first) = self.first.take() {
            return Some((first, false));
        }
        while let Some(frame) = self.open.last_mut() {
            if frame.next == frame.children.len() {
                self.out.push_str(frame.close);
                self.open.pop();
                continue;
            }
            if frame.next > 0 {
                self.out.push_str(if matches!(frame.children, Children::Pairs(_)) { "]," } else { "," });
            }
            let at = frame.next;
            frame.next += 1;
            let id = match &frame.children {
                Children::Items(items) => items[at],
                Children::One(id) => *id,
                Children::Entries(entries) => {
                    let (key, id) = &entries[at];
                    match key {
                        Key::Text(key) => key.write(&mut self.out),
                        Key::Units(units) => write_units(units, &mut self.out),
                    }
                    self.out.push(':');
                    *id
                }
                Children::Pairs(pairs) => {
                    let (key, id) = pairs[at];
                    self.out.push('[');
                    write_neutral_text(key, &mut self.out);
                    self.out.push(',');
                    id
                }
            };
            return Some((id, frame.hashed));
        }
        None
    }

    /// Writes `open` now, then the children, then `close`.
    pub(crate) fn enter(&mut self, open: &str, children: Children<'d>, close: &'static str, hashed: bool) {
        self.out.push_str(open);
        self.open.push(Frame { children, next: 0, close, hashed });
    }
}

/// A string of the neutral form: `{"$utf16": [..]}` when no plain string can hold it.
pub(crate) fn write_neutral_text(text: Text<'_>, out: &mut String) {
    match text.as_str() {
        Some(text) => write_str(text, out),
        None => {
            let units: Vec<String> = text.utf16().iter().map(u16::to_string).collect();
            out.push_str("{\"$utf16\":[");
            out.push_str(&units.join(","));
            out.push_str("]}");
        }
    }
}
