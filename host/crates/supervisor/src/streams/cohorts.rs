//! Which triggers are about to join which stream, so that a group does not begin to read before those are there (`D1`).
//! Pure.
//!
//! Owns what is known of the triggers of this host: coming (its key is not known yet) or keyed. Invariant: a trigger
//! that some group expects and that turns out to want another stream, or goes away, is named to that group.

use std::collections::{BTreeSet, HashMap, HashSet};

use stream_rules::StreamKey;
use trigger_host_types::{ClassPath, TriggerId};

/// Triggers without a known key that one group waits for; beyond that the grace alone decides.
const MOST_EXPECTED: usize = 4_096;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Cohorts {
    coming: HashMap<ClassPath, BTreeSet<TriggerId>>,
    keyed: HashMap<StreamKey, BTreeSet<TriggerId>>,
    key_of: HashMap<TriggerId, StreamKey>,
    /// Groups that wait for a trigger whose key is not known.
    expected_by: HashMap<TriggerId, HashSet<StreamKey>>,
}

/// What a trigger learns when its key is known.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Joining {
    /// Those who join the same stream, or may.
    pub(crate) cohort: Vec<TriggerId>,
    /// Streams that wait for this trigger in vain.
    pub(crate) not_coming: Vec<StreamKey>,
}

impl Cohorts {
    /// A trigger of a class that listens was claimed.
    pub(crate) fn coming(&mut self, classpath: &ClassPath, trigger: TriggerId) {
        self.coming.entry(classpath.clone()).or_default().insert(trigger);
    }

    /// The key of a trigger is known: it joins next.
    pub(crate) fn joins(&mut self, classpath: &ClassPath, trigger: TriggerId, key: &StreamKey) -> Joining {
        self.left(trigger);
        self.remove_coming(classpath, trigger);
        self.keyed.entry(key.clone()).or_default().insert(trigger);
        self.key_of.insert(trigger, key.clone());
        let not_coming = self.expected_by.remove(&trigger).unwrap_or_default();
        let not_coming = not_coming.into_iter().filter(|other| other != key).collect();
        let unknown: Vec<_> = self.coming.get(classpath).into_iter().flatten().take(MOST_EXPECTED).copied().collect();
        for other in &unknown {
            self.expected_by.entry(*other).or_default().insert(key.clone());
        }
        let known = self.keyed.get(key).into_iter().flatten().copied();
        Joining { cohort: known.chain(unknown).collect(), not_coming }
    }

    /// A trigger is gone, or cannot join: streams that wait for it in vain.
    pub(crate) fn gone(&mut self, classpath: &ClassPath, trigger: TriggerId) -> Vec<StreamKey> {
        self.remove_coming(classpath, trigger);
        let known = self.left(trigger);
        known.into_iter().chain(self.expected_by.remove(&trigger).unwrap_or_default()).collect()
    }

    fn remove_coming(&mut self, classpath: &ClassPath, trigger: TriggerId) {
        if let Some(coming) = self.coming.get_mut(classpath) {
            coming.remove(&trigger);
            if coming.is_empty() {
                self.coming.remove(classpath);
            }
        }
    }

    fn left(&mut self, trigger: TriggerId) -> Option<StreamKey> {
        let key = self.key_of.remove(&trigger)?;
        if let Some(keyed) = self.keyed.get_mut(&key) {
            keyed.remove(&trigger);
            if keyed.is_empty() {
                self.keyed.remove(&key);
            }
        }
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class() -> ClassPath {
        ClassPath::from("a.B")
    }

    fn key(text: &str) -> StreamKey {
        StreamKey::of_class(class(), text)
    }

    #[test]
    fn a_group_waits_for_those_who_may_come_and_is_told_who_does_not() {
        let mut cohorts = Cohorts::default();
        for id in 1..=3 {
            cohorts.coming(&class(), TriggerId(id));
        }
        let first = cohorts.joins(&class(), TriggerId(1), &key("x"));
        assert_eq!(first, Joining { cohort: vec![TriggerId(1), TriggerId(2), TriggerId(3)], not_coming: vec![] });
        let same = cohorts.joins(&class(), TriggerId(2), &key("x"));
        assert_eq!(same, Joining { cohort: vec![TriggerId(1), TriggerId(2), TriggerId(3)], not_coming: vec![] });
        let other = cohorts.joins(&class(), TriggerId(3), &key("y"));
        assert_eq!(other, Joining { cohort: vec![TriggerId(3)], not_coming: vec![key("x")] });
        assert_eq!(cohorts.gone(&class(), TriggerId(2)), [key("x")]);
        let again = cohorts.joins(&class(), TriggerId(1), &key("x"));
        assert_eq!(again.cohort, [TriggerId(1)]);
    }

    #[test]
    fn one_that_goes_before_its_key_is_known_is_not_waited_for() {
        let mut cohorts = Cohorts::default();
        cohorts.coming(&class(), TriggerId(1));
        cohorts.coming(&class(), TriggerId(2));
        cohorts.joins(&class(), TriggerId(1), &key("x"));
        assert_eq!(cohorts.gone(&class(), TriggerId(2)), [key("x")]);
        assert_eq!(cohorts.gone(&class(), TriggerId(1)), [key("x")]);
        assert!(cohorts.coming.is_empty() && cohorts.keyed.is_empty() && cohorts.key_of.is_empty());
        assert!(cohorts.expected_by.is_empty());
    }
}
