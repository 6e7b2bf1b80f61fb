//! Removes secrets from text. See docs/design/encodings.md#log-files.
//!
//! Owns every value that this host uses or has handed to a guest and that nobody may read in a log. The operator's own
//! values stay for ever; each class path has a bounded share, in which the values that were not seen for longest give
//! way: a guest that reads thousands of them spoils its own share and nobody else's.
//!
//! Invariants: no type here prints a value; what is shorter than five characters is not taken out, as in Airflow.

mod share;
mod spelling;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use parking_lot::{Mutex, RwLock};
use secrets::{MASK, is_sensitive};
use serde_json::Value;
use trigger_host_types::ClassPath;

use self::share::Share;

/// How deep JSON within a value is searched.
const MOST_DEPTH: usize = 32;

/// Knows the secrets of this host and removes them from text. Cheap to clone; clones share their secrets.
#[derive(Clone, Default)]
pub struct Masker(Arc<Inner>);

#[derive(Default)]
struct Inner {
    shares: Mutex<Shares>,
    /// Whether `finder` is older than the shares.
    is_outdated: AtomicBool,
    finder: RwLock<Option<Arc<AhoCorasick>>>,
}

#[derive(Default)]
struct Shares {
    own: Share,
    classes: HashMap<ClassPath, Share>,
}

impl Masker {
    /// A masker without any secrets yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Remembers a secret of the host itself, such as a signing key, for as long as the host lives.
    pub fn remember_own(&self, value: &str) {
        self.add(self.0.shares.lock().own.add_for_ever(value));
    }

    /// Remembers a value that was handed to, or used for, triggers of this class path, whatever it is called: a
    /// password, a token.
    pub fn remember(&self, classpath: &ClassPath, value: &str) {
        self.add(self.0.shares.lock().classes.entry(classpath.clone()).or_default().add(value));
    }

    /// Remembers a named value, such as a variable or an entry of a connection's `extra`, if Airflow would mask it: its
    /// name [`is_sensitive`], or it is JSON with entries whose names are.
    pub fn remember_named(&self, classpath: &ClassPath, name: &str, value: &str) {
        let is_secret = is_sensitive(name);
        if is_secret {
            self.remember(classpath, value);
        }
        if value.trim_start().starts_with(['{', '[', '"'])
            && let Ok(value) = serde_json::from_str(value)
        {
            self.remember_json(classpath, is_secret, &value, 0);
        }
    }

    fn remember_json(&self, classpath: &ClassPath, is_secret: bool, value: &Value, depth: usize) {
        if depth > MOST_DEPTH {
            return;
        }
        match value {
            Value::Object(entries) => entries.iter().for_each(|(name, value)| {
                self.remember_json(classpath, is_secret || is_sensitive(name), value, depth + 1);
            }),
            Value::Array(items) => {
                items.iter().for_each(|item| self.remember_json(classpath, is_secret, item, depth + 1));
            }
            Value::String(text) if is_secret => self.remember(classpath, text),
            Value::Number(number) if is_secret => self.remember(classpath, &number.to_string()),
            _ => {}
        }
    }

    fn add(&self, is_new: bool) {
        if is_new {
            self.0.is_outdated.store(true, Ordering::Release);
        }
    }

    /// The text with `***` in place of every secret; where secrets overlap, for all of them together.
    pub fn mask<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let Some(finder) = self.finder() else { return Cow::Borrowed(text) };
        let mut found: Vec<(usize, usize)> =
            finder.find_overlapping_iter(text).map(|found| (found.start(), found.end())).collect();
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        found.sort_unstable();
        let (mut masked, mut at) = (String::with_capacity(text.len()), 0);
        for (start, end) in found {
            if start >= at {
                masked.push_str(&text[at..start]);
                masked.push_str(MASK);
            }
            at = at.max(end);
        }
        masked.push_str(&text[at..]);
        Cow::Owned(masked)
    }

    /// As [`Masker::mask`], for text that was cut short at its end: what may be the beginning of a secret there goes
    /// too.
    pub fn mask_cut<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let masked = self.mask(text);
        let shares = self.0.shares.lock();
        let rest = shares.all().filter_map(|share| share.longest_beginning(&masked)).max();
        drop(shares);
        match rest {
            Some(rest) => Cow::Owned(format!("{}{MASK}", &masked[..masked.len() - rest])),
            None => masked,
        }
    }

    /// Every text in the value masked, names of entries included; a number that is a secret becomes a text.
    #[must_use]
    pub fn mask_json(&self, value: Value) -> Value {
        match value {
            Value::String(text) => match self.mask(&text) {
                Cow::Borrowed(_) => Value::String(text),
                Cow::Owned(masked) => Value::String(masked),
            },
            Value::Number(number) => {
                let text = number.to_string();
                match self.mask(&text) {
                    Cow::Borrowed(_) => Value::Number(number),
                    Cow::Owned(masked) => Value::String(masked),
                }
            }
            Value::Array(items) => items.into_iter().map(|item| self.mask_json(item)).collect(),
            Value::Object(entries) => entries
                .into_iter()
                .map(|(name, value)| (self.mask(&name).into_owned(), self.mask_json(value)))
                .collect(),
            other => other,
        }
    }

    /// Built again if a secret was added since the last time; `None` while there is nothing to find.
    fn finder(&self) -> Option<Arc<AhoCorasick>> {
        if self.0.is_outdated.load(Ordering::Acquire) {
            let mut finder = self.0.finder.write();
            // Another thread may have been faster.
            if self.0.is_outdated.swap(false, Ordering::AcqRel) {
                *finder = self.0.shares.lock().finder();
            }
        }
        self.0.finder.read().clone()
    }
}

impl Shares {
    fn all(&self) -> impl Iterator<Item = &Share> {
        std::iter::once(&self.own).chain(self.classes.values())
    }

    fn finder(&self) -> Option<Arc<AhoCorasick>> {
        let spellings: Vec<&str> = self.all().flat_map(Share::spellings).collect();
        if spellings.is_empty() {
            return None;
        }
        // Quick to build rather than quickest to search: a guest can cause it to be built again.
        let finder = AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).build(spellings);
        finder.ok().map(Arc::new)
    }
}

impl fmt::Debug for Masker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Masker").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
