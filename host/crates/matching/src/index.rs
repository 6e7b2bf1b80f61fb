//! Finds the subscribers that want an event without asking each one.
//!
//! Owns, per field, the subscribers that look for a value, a prefix or its presence. Invariants: a subscriber is listed
//! under one of its conditions, the most selective kind it has, and its others are checked when it is found; an event
//! is read once, whatever the number of subscribers, and only the fields that they look at are kept of it.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use crate::fields::Fields;
use crate::scalar::Scalar;
use crate::{Condition, Match, Test};

/// Subscribers by match. Numbers are the caller's.
#[derive(Debug, Default)]
pub struct Index {
    matches: HashMap<u32, Match>,
    /// Those that take every event.
    everything: Vec<u32>,
    fields: BTreeMap<String, Field>,
    /// Those of all conditions.
    looked_at: Fields,
}

/// Who looks at one field.
#[derive(Debug, Default)]
struct Field {
    texts: HashMap<Box<str>, Vec<u32>>,
    others: HashMap<Scalar, Vec<u32>>,
    prefixes: HashMap<String, Vec<u32>>,
    /// The lengths of the prefixes, and how many have each.
    lengths: BTreeMap<usize, usize>,
    exists: Vec<u32>,
}

impl Index {
    /// Adds a subscriber; replaces the match it had.
    pub fn insert(&mut self, subscriber: u32, wanted: Match) {
        self.remove(subscriber);
        match access(&wanted) {
            None => self.everything.push(subscriber),
            Some(condition) => {
                let field = self.fields.entry(condition.pointer.clone()).or_default();
                field.insert(subscriber, &condition.test);
            }
        }
        wanted.conditions.iter().for_each(|condition| self.looked_at.add(&condition.pointer));
        self.matches.insert(subscriber, wanted);
    }

    /// Takes a subscriber out; one that is not there changes nothing.
    pub fn remove(&mut self, subscriber: u32) {
        let Some(wanted) = self.matches.remove(&subscriber) else { return };
        wanted.conditions.iter().for_each(|condition| self.looked_at.remove(&condition.pointer));
        let Some(condition) = access(&wanted) else {
            self.everything.retain(|other| *other != subscriber);
            return;
        };
        if let Some(field) = self.fields.get_mut(&condition.pointer) {
            field.remove(subscriber, &condition.test);
            if field.is_empty() {
                self.fields.remove(&condition.pointer);
            }
        }
    }

    /// Whether nobody is in it.
    pub fn is_empty(&self) -> bool {
        self.matches.is_empty()
    }

    /// Calls `found` once for each subscriber whose match holds, in no particular order.
    pub fn find(&self, event: &[u8], mut found: impl FnMut(u32)) {
        self.everything.iter().copied().for_each(&mut found);
        if self.fields.is_empty() {
            return;
        }
        let Some(event) = self.looked_at.read(event) else { return };
        for (pointer, field) in &self.fields {
            let Some(value) = event.get(pointer) else { continue };
            field.candidates(value, |candidate| {
                let wanted = self.matches.get(&candidate);
                if wanted.is_some_and(|wanted| {
                    wanted.conditions.len() == 1 || wanted.holds_for(|pointer| event.get(pointer))
                }) {
                    found(candidate);
                }
            });
        }
    }
}

/// The condition under which a match is listed: a value before a prefix before presence, the narrowest of its kind.
fn access(wanted: &Match) -> Option<&Condition> {
    wanted.conditions.iter().min_by_key(|condition| match &condition.test {
        Test::OneOf(values) => (0, values.len()),
        Test::Prefix(prefix) => (1, usize::MAX - prefix.len()),
        Test::Exists => (2, 0),
    })
}

impl Field {
    fn insert(&mut self, subscriber: u32, test: &Test) {
        match test {
            Test::Exists => self.exists.push(subscriber),
            Test::Prefix(prefix) => {
                self.prefixes.entry(prefix.clone()).or_default().push(subscriber);
                *self.lengths.entry(prefix.len()).or_default() += 1;
            }
            Test::OneOf(values) => {
                for value in values {
                    let list = match value {
                        Scalar::Text(text) => self.texts.entry(text.clone()).or_default(),
                        other => self.others.entry(other.clone()).or_default(),
                    };
                    // A value that is named twice must not find its subscriber twice.
                    if list.last() != Some(&subscriber) {
                        list.push(subscriber);
                    }
                }
            }
        }
    }

    fn remove(&mut self, subscriber: u32, test: &Test) {
        fn strike<K: std::hash::Hash + Eq + Clone>(lists: &mut HashMap<K, Vec<u32>>, key: &K, subscriber: u32) {
            if let Some(list) = lists.get_mut(key) {
                list.retain(|other| *other != subscriber);
                if list.is_empty() {
                    lists.remove(key);
                }
            }
        }
        match test {
            Test::Exists => self.exists.retain(|other| *other != subscriber),
            Test::Prefix(prefix) => {
                strike(&mut self.prefixes, prefix, subscriber);
                if let Some(count) = self.lengths.get_mut(&prefix.len()) {
                    *count -= 1;
                    if *count == 0 {
                        self.lengths.remove(&prefix.len());
                    }
                }
            }
            Test::OneOf(values) => {
                for value in values {
                    match value {
                        Scalar::Text(text) => strike(&mut self.texts, text, subscriber),
                        other => strike(&mut self.others, other, subscriber),
                    }
                }
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.others.is_empty() && self.prefixes.is_empty() && self.exists.is_empty()
    }

    fn candidates(&self, value: &Value, mut found: impl FnMut(u32)) {
        self.exists.iter().copied().for_each(&mut found);
        if let Value::String(text) = value {
            self.texts.get(text.as_str()).into_iter().flatten().copied().for_each(&mut found);
            for length in self.lengths.keys().take_while(|length| **length <= text.len()) {
                // A length that ends inside a character is not the length of any prefix.
                let prefix = text.get(..*length);
                prefix.and_then(|prefix| self.prefixes.get(prefix)).into_iter().flatten().copied().for_each(&mut found);
            }
        } else if let Some(scalar) = (!self.others.is_empty()).then(|| Scalar::from_value(value)).flatten() {
            self.others.get(&scalar).into_iter().flatten().copied().for_each(&mut found);
        }
    }
}
