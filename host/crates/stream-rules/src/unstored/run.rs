//! The trigger events of one call of a filter, as one thing.
//!
//! Owns what a subscriber's verdicts on one batch have bound: numbers without a gap, each to one raw event. Invariants:
//! the raw events are in their order, and those of one raw event are neighbours; a number is unconfirmed until it is
//! taken out, and never again after; where each raw event of a row has one, a number costs a bit, else four bytes and a
//! bit.

use std::ops::Range;

use crate::ids::{EventId, Moment, Seq};

/// See the module.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) slot: u32,
    /// When the batch was handed over.
    pub(crate) handed: Moment,
    first: EventId,
    /// How far behind the first raw event that of each number is; None where it is as far as the number itself.
    behind: Option<Box<[u32]>>,
    unconfirmed: Bits,
    numbers: u32,
    /// The places of the unconfirmed ones.
    left: u32,
}

impl Run {
    /// A run of these; None when they are not in order, or too far apart.
    pub(crate) fn new(slot: u32, handed: Moment, events: &[(Seq, EventId)]) -> Option<Self> {
        let first = events.first()?.1;
        let numbers = u32::try_from(events.len()).ok()?;
        let behind = events.iter().map(|(_, id)| u32::try_from(id.0.checked_sub(first.0)?).ok());
        let in_a_row = behind.clone().eq((0..numbers).map(Some));
        let behind: Option<Box<[u32]>> = if in_a_row { None } else { Some(behind.collect::<Option<_>>()?) };
        if behind.as_ref().is_some_and(|behind| !behind.is_sorted()) {
            return None;
        }
        Some(Self { slot, handed, first, behind, unconfirmed: Bits::all(numbers), numbers, left: numbers })
    }

    /// How many raw events the numbers are bound to, at the beginning.
    pub(crate) fn events(&self) -> usize {
        match &self.behind {
            None => self.numbers as usize,
            Some(behind) => behind.chunk_by(|one, other| one == other).count(),
        }
    }

    /// The raw event of the first number.
    pub(crate) fn first(&self) -> EventId {
        self.first
    }

    /// How many numbers are unconfirmed.
    pub(crate) fn left(&self) -> u32 {
        self.left
    }

    /// Takes the number at `place` out: its raw event, and whether no other number of that one is left. None when it
    /// was not there.
    pub(crate) fn confirm(&mut self, place: u64) -> Option<(EventId, bool)> {
        let place = u32::try_from(place).ok().filter(|place| *place < self.numbers)?;
        if !self.unconfirmed.remove(place) {
            return None;
        }
        self.left -= 1;
        let id = self.event(place);
        let is_last = match &self.behind {
            None => true,
            Some(_) => !self.places(id).any(|place| self.unconfirmed.contains(place)),
        };
        Some((id, is_last))
    }

    /// The raw event of the number at `place`, while it is unconfirmed.
    pub(crate) fn unconfirmed(&self, place: u64) -> Option<EventId> {
        let place = u32::try_from(place).ok().filter(|place| *place < self.numbers)?;
        self.unconfirmed.contains(place).then(|| self.event(place))
    }

    /// Takes out all numbers of a raw event; their places.
    pub(crate) fn forget(&mut self, id: EventId) -> Vec<u32> {
        let taken: Vec<u32> = self.places(id).filter(|place| self.unconfirmed.contains(*place)).collect();
        for place in &taken {
            self.unconfirmed.remove(*place);
        }
        self.left -= taken.len() as u32;
        taken
    }

    /// How many numbers of a raw event are unconfirmed.
    pub(crate) fn count(&self, id: EventId) -> usize {
        self.places(id).filter(|place| self.unconfirmed.contains(*place)).count()
    }

    /// Raw events with an unconfirmed number, in order.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = EventId> + '_ {
        let mut before = None;
        let numbers = (0..self.numbers).filter(|place| self.unconfirmed.contains(*place));
        numbers.map(|place| self.event(place)).filter(move |id| before.replace(*id) != Some(*id))
    }

    fn event(&self, place: u32) -> EventId {
        let behind = self.behind.as_ref().and_then(|behind| behind.get(place as usize)).copied();
        EventId(self.first.0 + u64::from(behind.unwrap_or(place)))
    }

    fn places(&self, id: EventId) -> Range<u32> {
        let Some(behind) = id.0.checked_sub(self.first.0).and_then(|behind| u32::try_from(behind).ok()) else {
            return 0..0;
        };
        match &self.behind {
            None if behind < self.numbers => behind..behind + 1,
            None => 0..0,
            Some(all) => {
                let (from, to) = (all.partition_point(|at| *at < behind), all.partition_point(|at| *at <= behind));
                from as u32..to as u32
            }
        }
    }
}

/// A bit for each number; up to 64 need no allocation.
#[derive(Debug)]
enum Bits {
    Few(u64),
    Many(Box<[u64]>),
}

impl Bits {
    fn all(count: u32) -> Self {
        let mut words = vec![u64::MAX; count.div_ceil(64) as usize];
        if let (Some(last), over @ 1..) = (words.last_mut(), count % 64) {
            *last = (1 << over) - 1;
        }
        match words[..] {
            [word] => Self::Few(word),
            _ => Self::Many(words.into_boxed_slice()),
        }
    }

    fn word(&self, place: u32) -> u64 {
        match self {
            Self::Few(word) => *word,
            Self::Many(words) => words.get((place / 64) as usize).copied().unwrap_or_default(),
        }
    }

    fn contains(&self, place: u32) -> bool {
        self.word(place) & (1 << (place % 64)) != 0
    }

    /// Removes a place; false when it was not there.
    fn remove(&mut self, place: u32) -> bool {
        let word = match self {
            Self::Few(word) => Some(word),
            Self::Many(words) => words.get_mut((place / 64) as usize),
        };
        let bit = 1 << (place % 64);
        word.is_some_and(|word| {
            let was = *word & bit != 0;
            *word &= !bit;
            was
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(ids: impl IntoIterator<Item = u64>) -> Option<Run> {
        let events: Vec<_> = (100..).map(Seq).zip(ids.into_iter().map(EventId)).collect();
        Run::new(1, Moment::default(), &events)
    }

    #[test]
    fn a_row_needs_only_bits() {
        let mut run = run(7..207).expect("in order");
        assert!(run.behind.is_none());
        assert_eq!((run.events(), run.left()), (200, 200));
        assert_eq!(run.confirm(199), Some((EventId(206), true)));
        assert_eq!((run.confirm(199), run.confirm(200), run.unconfirmed(199)), (None, None, None));
        assert_eq!((run.forget(EventId(7)), run.forget(EventId(7))), (vec![0], vec![]));
        assert_eq!((run.waiting().next(), run.waiting().count(), run.left()), (Some(EventId(8)), 198, 198));
    }

    #[test]
    fn several_of_one_raw_event_are_waited_for_together() {
        let mut run = run([3, 8, 8, 8, 20]).expect("in order");
        assert_eq!((run.events(), run.left(), run.count(EventId(8)), run.count(EventId(9))), (3, 5, 3, 0));
        assert_eq!(run.confirm(2), Some((EventId(8), false)));
        assert_eq!(run.confirm(1), Some((EventId(8), false)));
        assert_eq!(run.confirm(3), Some((EventId(8), true)));
        assert_eq!(run.waiting().collect::<Vec<_>>(), [EventId(3), EventId(20)]);
    }

    #[test]
    fn what_is_not_in_order_is_no_run() {
        assert!(run([5, 4]).is_none() && run([5, 9, 8]).is_none() && run([]).is_none());
        assert!(run([5, 1 << 40]).is_none(), "too far apart");
    }
}
