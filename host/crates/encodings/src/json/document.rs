//! A parsed text: flat, so that neither walking nor dropping one recurses.

use std::ops::Range;

use super::scan::NotFinite;
use super::text::Text;

/// A node of a [`Document`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Id(pub(super) u32);

/// A parsed text.
#[derive(Debug)]
pub struct Document {
    pub(super) nodes: Vec<Node>,
    pub(super) items: Vec<Id>,
    pub(super) entries: Vec<Entry>,
    /// Strings and numbers, one after the other.
    pub(super) text: Vec<u8>,
    pub(super) root: Id,
}

/// A key and its value.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    pub(super) key: Span,
    pub(super) value: Id,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) from: u32,
    pub(super) to: u32,
}

impl Span {
    pub(super) const fn range(self) -> Range<usize> {
        self.from as usize..self.to as usize
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Node {
    Null,
    Bool(bool),
    Integer(Span),
    Float(Span),
    NotFinite(NotFinite),
    Text(Span),
    List(Span),
    Object(Span),
}

/// What a node holds. Of equal keys in an object, the last one's value stands in the first one's place, as in a Python
/// dict.
#[derive(Debug, Clone, Copy)]
pub enum View<'d> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number without fraction and exponent, as it was written.
    Integer(&'d str),
    /// Any other number, as it was written. May be too large for a double.
    Float(&'d str),
    /// A bare word for a number.
    NotFinite(NotFinite),
    /// A string.
    Text(Text<'d>),
    /// A list.
    List(&'d [Id]),
    /// An object.
    Object(&'d [Entry]),
}

impl Document {
    /// The whole value.
    pub const fn root(&self) -> Id {
        self.root
    }

    /// What a node holds.
    pub fn view(&self, id: Id) -> View<'_> {
        match self.nodes[id.0 as usize] {
            Node::Null => View::Null,
            Node::Bool(value) => View::Bool(value),
            Node::Integer(span) => View::Integer(self.ascii(span)),
            Node::Float(span) => View::Float(self.ascii(span)),
            Node::NotFinite(value) => View::NotFinite(value),
            Node::Text(span) => View::Text(self.text(span)),
            Node::List(span) => View::List(&self.items[span.range()]),
            Node::Object(span) => View::Object(&self.entries[span.range()]),
        }
    }

    /// The key of an entry.
    pub fn key(&self, entry: &Entry) -> Text<'_> {
        self.text(entry.key)
    }

    /// Keys and values in order.
    pub fn pairs<'d>(&'d self, entries: &'d [Entry]) -> impl DoubleEndedIterator<Item = (Text<'d>, Id)> {
        entries.iter().map(|entry| (self.key(entry), entry.value))
    }

    /// The value of a key.
    pub fn get(&self, entries: &[Entry], key: &str) -> Option<Id> {
        entries.iter().find(|entry| self.key(entry).is(key)).map(|entry| entry.value)
    }

    /// Where a node is, as a JSON pointer, for errors. Looks for it, so costs time in proportion to the document.
    pub fn place(&self, id: Id) -> String {
        let mut parts: Vec<String> = Vec::new();
        let mut at = id;
        // Children come before their parents, so that every step goes towards the end.
        for (index, node) in self.nodes.iter().enumerate().skip(id.0 as usize) {
            let part = match node {
                Node::List(span) => self.items[span.range()].iter().position(|item| *item == at).map(|n| n.to_string()),
                Node::Object(span) => {
                    let entry = self.entries[span.range()].iter().find(|entry| entry.value == at);
                    entry.map(|entry| self.key(entry).to_lossy().chars().take(40).collect())
                }
                _ => None,
            };
            if let Some(part) = part {
                parts.push(part);
                at = Id(u32::try_from(index).unwrap_or(u32::MAX));
            }
        }
        let skipped = parts.len().saturating_sub(8);
        let inner: String = parts.iter().rev().skip(skipped).flat_map(|part| ["/", part.as_str()]).collect();
        let place = if skipped > 0 { format!("…{inner}") } else { inner };
        if place.is_empty() { "the top level".to_owned() } else { place.chars().filter(|c| !c.is_control()).collect() }
    }

    fn text(&self, span: Span) -> Text<'_> {
        Text::new(&self.text[span.range()])
    }

    fn ascii(&self, span: Span) -> &str {
        // Numbers are copied from a string slice, so this never fails.
        str::from_utf8(&self.text[span.range()]).unwrap_or("0")
    }
}
