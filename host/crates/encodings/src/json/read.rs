//! Builds a [`Document`] from the tokens of a text.

use std::collections::HashMap;

use super::document::{Document, Entry, Id, Node, Span};
use super::error::JsonError;
use super::scan::{Limits, Scanner, Token};
use super::text::unescape;

impl Document {
    /// Reads one JSON text and nothing behind it.
    ///
    /// # Errors
    /// What is not JSON, where; or nested deeper than the limits allow.
    pub fn read(text: &str, limits: Limits) -> Result<Self, JsonError> {
        let mut scanner = Scanner::new(text, limits)?;
        let document =
            Document { nodes: Vec::new(), items: Vec::new(), entries: Vec::new(), text: Vec::new(), root: Id(0) };
        let mut builder = Builder { document, open: Vec::new(), values: Vec::new(), keys: Vec::new() };
        while let Some((token, range)) = scanner.next()? {
            builder.add(token, &text[range]);
        }
        // The outermost value is finished last.
        builder.document.root = builder.values.pop().unwrap_or(Id(0));
        Ok(builder.document)
    }
}

/// A container that is not closed yet.
struct Open {
    /// Where its values begin in `Builder::values`.
    first: usize,
    /// Where its keys begin in `Builder::keys`.
    first_key: usize,
}

struct Builder {
    document: Document,
    open: Vec<Open>,
    values: Vec<Id>,
    keys: Vec<Span>,
}

impl Builder {
    fn add(&mut self, token: Token, text: &str) {
        let node = match token {
            Token::Null => Node::Null,
            Token::Bool(value) => Node::Bool(value),
            Token::NotFinite(value) => Node::NotFinite(value),
            Token::Integer => Node::Integer(self.keep(|out| out.extend_from_slice(text.as_bytes()))),
            Token::Float => Node::Float(self.keep(|out| out.extend_from_slice(text.as_bytes()))),
            Token::Text => Node::Text(self.keep(|out| unescape(text, out))),
            Token::Key => {
                let key = self.keep(|out| unescape(text, out));
                self.keys.push(key);
                return;
            }
            Token::OpenList | Token::OpenObject => {
                self.open.push(Open { first: self.values.len(), first_key: self.keys.len() });
                return;
            }
            Token::CloseList | Token::CloseObject => match self.open.pop() {
                Some(open) => self.close(&open, token == Token::CloseObject),
                None => return,
            },
        };
        self.values.push(Id(index(self.document.nodes.len())));
        self.document.nodes.push(node);
    }

    fn close(&mut self, open: &Open, is_object: bool) -> Node {
        let values = self.values.drain(open.first..);
        if is_object {
            let from = self.document.entries.len();
            let pairs = self.keys.drain(open.first_key..).zip(values);
            self.document.entries.extend(pairs.map(|(key, value)| Entry { key, value }));
            self.document.forget_repeated_keys(from);
            Node::Object(Span { from: index(from), to: index(self.document.entries.len()) })
        } else {
            let from = index(self.document.items.len());
            self.document.items.extend(values);
            Node::List(Span { from, to: index(self.document.items.len()) })
        }
    }

    fn keep(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Span {
        let from = index(self.document.text.len());
        write(&mut self.document.text);
        Span { from, to: index(self.document.text.len()) }
    }
}

impl Document {
    /// In the entries from `first` on: the last value of a repeated key takes the first one's place.
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

/// Never cut off: the text is at most a gigabyte, and every node, item, entry and byte of text needs at least one byte
/// of it.
fn index(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
