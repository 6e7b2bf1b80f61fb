//! A set of subscriber slots, as bits.
//!
//! Owns its words. Invariant: up to 128 slots need no allocation; a set never shrinks.

/// Slots of one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SlotSet {
    Inline([u64; 2]),
    Spilled(Box<[u64]>),
}

impl Default for SlotSet {
    fn default() -> Self {
        Self::Inline([0; 2])
    }
}

impl SlotSet {
    fn words(&self) -> &[u64] {
        match self {
            Self::Inline(words) => words,
            Self::Spilled(words) => words,
        }
    }

    fn words_mut(&mut self) -> &mut [u64] {
        match self {
            Self::Inline(words) => words,
            Self::Spilled(words) => words,
        }
    }

    fn grow(&mut self, words: usize) {
        if self.words().len() < words {
            let mut wider = self.words().to_vec();
            wider.resize(words.next_power_of_two(), 0);
            *self = Self::Spilled(wider.into_boxed_slice());
        }
    }

    /// Adds `slot`; false when it was there.
    pub(crate) fn insert(&mut self, slot: u32) -> bool {
        let (word, bit) = split(slot);
        self.grow(word + 1);
        let word = &mut self.words_mut()[word];
        let was = *word & bit != 0;
        *word |= bit;
        !was
    }

    /// Takes `slot` out; false when it was not there.
    pub(crate) fn remove(&mut self, slot: u32) -> bool {
        let (word, bit) = split(slot);
        let Some(word) = self.words_mut().get_mut(word) else { return false };
        let was = *word & bit != 0;
        *word &= !bit;
        was
    }

    pub(crate) fn contains(&self, slot: u32) -> bool {
        let (word, bit) = split(slot);
        self.words().get(word).is_some_and(|word| word & bit != 0)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.words().iter().all(|word| *word == 0)
    }

    pub(crate) fn len(&self) -> u32 {
        self.words().iter().map(|word| word.count_ones()).sum()
    }

    pub(crate) fn union(&mut self, other: &Self) {
        self.grow(other.words().len());
        for (mine, theirs) in self.words_mut().iter_mut().zip(other.words()) {
            *mine |= theirs;
        }
    }

    pub(crate) fn intersect(&mut self, other: &Self) {
        let theirs = other.words();
        for (index, mine) in self.words_mut().iter_mut().enumerate() {
            *mine &= theirs.get(index).copied().unwrap_or(0);
        }
    }

    /// The slots, lowest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.words().iter().zip(0_u32..).flat_map(|(word, index)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                (rest != 0).then(|| {
                    let bit = rest.trailing_zeros();
                    rest &= rest - 1;
                    index * 64 + bit
                })
            })
        })
    }
}

impl FromIterator<u32> for SlotSet {
    fn from_iter<I: IntoIterator<Item = u32>>(slots: I) -> Self {
        let mut set = Self::default();
        for slot in slots {
            set.insert(slot);
        }
        set
    }
}

fn split(slot: u32) -> (usize, u64) {
    ((slot / 64) as usize, 1 << (slot % 64))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn behaves_like_a_set(changes in prop::collection::vec((any::<bool>(), 0_u32..1_500), 0..200)) {
            let (mut ours, mut model) = (SlotSet::default(), BTreeSet::new());
            for (add, slot) in changes {
                if add {
                    prop_assert_eq!(ours.insert(slot), model.insert(slot));
                } else {
                    prop_assert_eq!(ours.remove(slot), model.remove(&slot));
                }
            }
            prop_assert_eq!(ours.iter().collect::<Vec<_>>(), model.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(ours.len() as usize, model.len());
            prop_assert_eq!(ours.is_empty(), model.is_empty());
        }
    }
}
