//! The secrets of one owner: a bounded number of bounded values, of which the one not seen for longest gives way.

use std::collections::{BTreeSet, VecDeque};

use secrets::SHORTEST;

use super::spelling::spellings;

/// Values of one share.
const MOST_VALUES: usize = 256;
/// Bytes of everything that is looked for because of one share.
const MOST_BYTES: usize = 4 << 20;

/// The secrets of one owner.
#[derive(Default)]
pub(super) struct Share {
    /// In the order in which they were last seen.
    values: VecDeque<Secret>,
    bytes: usize,
}

struct Secret {
    value: String,
    spellings: BTreeSet<String>,
}

impl Secret {
    fn size(&self) -> usize {
        self.spellings.iter().map(String::len).sum()
    }
}

impl Share {
    /// Adds a value that never gives way. True when it was not known.
    pub(super) fn add_for_ever(&mut self, value: &str) -> bool {
        value.chars().count() >= SHORTEST && !self.saw(value) && {
            self.push(value);
            true
        }
    }

    /// Adds a value, or notes that it was seen again. True when it was not known.
    pub(super) fn add(&mut self, value: &str) -> bool {
        let is_new = self.add_for_ever(value);
        while is_new && self.values.len() > 1 && (self.values.len() > MOST_VALUES || self.bytes > MOST_BYTES) {
            self.bytes -= self.values.pop_front().map_or(0, |secret| secret.size());
        }
        is_new
    }

    fn saw(&mut self, value: &str) -> bool {
        let Some(at) = self.values.iter().position(|secret| secret.value == value) else { return false };
        if let Some(secret) = self.values.remove(at) {
            self.values.push_back(secret);
        }
        true
    }

    fn push(&mut self, value: &str) {
        let secret = Secret { value: value.to_owned(), spellings: spellings(value) };
        self.bytes += secret.size();
        self.values.push_back(secret);
    }

    /// Everything to be looked for.
    pub(super) fn spellings(&self) -> impl Iterator<Item = &str> {
        self.values.iter().flat_map(|secret| secret.spellings.iter().map(String::as_str))
    }

    /// How many bytes at the end of the text are the beginning of a secret; `None` if too few to tell.
    pub(super) fn longest_beginning(&self, text: &str) -> Option<usize> {
        self.spellings().filter_map(|spelling| beginning_at_the_end(text, spelling)).max()
    }
}

fn beginning_at_the_end(text: &str, spelling: &str) -> Option<usize> {
    let most = text.len().min(spelling.len().saturating_sub(1));
    (SHORTEST..=most)
        .rev()
        .find(|&length| spelling.is_char_boundary(length) && text.as_bytes().ends_with(&spelling.as_bytes()[..length]))
}
