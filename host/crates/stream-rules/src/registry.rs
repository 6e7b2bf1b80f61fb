//! Which key has which group.
//!
//! Owns the table. Invariant (`L0`): a key is in it only while its group takes subscribers; it changes only when a
//! group is made, when a group stops taking subscribers, or when everything stops. A group that says so late names
//! itself by number and can never take out its successor (`L5`).

use std::collections::HashMap;

use crate::ids::{GroupId, StreamKey};

/// See the module. `H`: how the caller reaches a group.
#[derive(Debug)]
pub struct Registry<H> {
    groups: HashMap<StreamKey, (GroupId, H)>,
    made: u64,
}

impl<H> Default for Registry<H> {
    fn default() -> Self {
        Self { groups: HashMap::new(), made: 0 }
    }
}

impl<H> Registry<H> {
    /// The group of a key, if it takes subscribers (`G1`).
    pub fn get(&self, key: &StreamKey) -> Option<(GroupId, &H)> {
        self.groups.get(key).map(|(id, handle)| (*id, handle))
    }

    /// A number for a new group.
    pub fn number(&mut self) -> GroupId {
        self.made += 1;
        GroupId(self.made)
    }

    /// Puts a new group in (`G2`, `L3`).
    pub fn insert(&mut self, key: StreamKey, id: GroupId, handle: H) {
        self.groups.insert(key, (id, handle));
    }

    /// A group has stopped taking subscribers. True when it was in the table.
    pub fn evict(&mut self, key: &StreamKey, id: GroupId) -> bool {
        let named = self.groups.get(key).is_some_and(|(present, _)| *present == id);
        if named {
            self.groups.remove(key);
        }
        named
    }

    /// Empties the table in one step (`X2`): the groups, oldest first.
    pub fn take_all(&mut self) -> Vec<(GroupId, H)> {
        let mut groups: Vec<_> = self.groups.drain().map(|(_, group)| group).collect();
        groups.sort_by_key(|(id, _)| *id);
        groups
    }

    /// The groups that take subscribers, in no particular order (`B4`).
    pub fn live(&self) -> impl Iterator<Item = (&StreamKey, &H)> {
        self.groups.iter().map(|(key, (_, handle))| (key, handle))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `L5`: the end of an old group does not touch the new one of the same key.
    #[test]
    fn a_late_eviction_changes_nothing() {
        let mut registry = Registry::default();
        let key = StreamKey::global("k");
        let old = registry.number();
        registry.insert(key.clone(), old, "old");
        assert!(registry.evict(&key, old));
        let new = registry.number();
        registry.insert(key.clone(), new, "new");
        assert!(!registry.evict(&key, old));
        assert_eq!(registry.get(&key), Some((new, &"new")));
    }

    /// `G1`: equal keys of different classes are different streams, unless the key is global.
    #[test]
    fn class_is_part_of_the_key() {
        let of = |class: &str| StreamKey::of_class(class.into(), "{\"queue\":\"q\"}");
        assert_eq!(of("a.B"), of("a.B"));
        assert_ne!(of("a.B"), of("a.C"));
        assert_ne!(of("a.B"), StreamKey::global("{\"queue\":\"q\"}"));
    }
}
