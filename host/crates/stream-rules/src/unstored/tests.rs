//! Random schedules against a list of pairs.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    /// So many trigger events for each of the next raw events.
    Answer(u32, Vec<u32>),
    /// The same for raw events that were known before.
    Again(u32, Vec<u64>),
    Hold(u32),
    Cover(u32, u64),
    Window(u32),
    Close(u32, u64),
    Confirm(u64),
    GiveUp(u64),
    Forget(u32, u64),
    ForgetAll(u32),
}

fn step() -> impl Strategy<Value = Step> {
    let (slot, pick) = (0_u32..3, any::<u64>());
    prop_oneof![
        4 => (slot.clone(), prop::collection::vec(0_u32..4, 1..70)).prop_map(|(slot, of)| Step::Answer(slot, of)),
        1 => (slot.clone(), prop::collection::vec(pick, 1..4)).prop_map(|(slot, of)| Step::Again(slot, of)),
        2 => slot.clone().prop_map(Step::Hold),
        3 => (slot.clone(), pick).prop_map(|(slot, of)| Step::Cover(slot, of)),
        1 => slot.clone().prop_map(Step::Window),
        1 => (slot.clone(), pick).prop_map(|(slot, of)| Step::Close(slot, of)),
        20 => pick.prop_map(Step::Confirm),
        3 => pick.prop_map(Step::GiveUp),
        3 => (slot.clone(), pick).prop_map(|(slot, of)| Step::Forget(slot, of)),
        1 => slot.prop_map(Step::ForgetAll),
    ]
}

/// Everything one by one.
#[derive(Default)]
struct Book {
    pairs: BTreeSet<(Seq, u32, EventId)>,
    /// Whether it is closed.
    events: BTreeMap<(u32, EventId), bool>,
    seqs: u64,
    ids: u64,
}

impl Book {
    fn bind(&mut self, slot: u32, id: EventId, closed: bool) -> Seq {
        self.seqs += 1;
        self.pairs.insert((Seq(self.seqs), slot, id));
        *self.events.entry((slot, id)).or_default() |= closed;
        Seq(self.seqs)
    }

    fn next_id(&mut self) -> EventId {
        self.ids += 1;
        EventId(self.ids)
    }

    fn numbers(&self, slot: u32, id: EventId) -> usize {
        self.pairs.iter().filter(|(_, of, event)| (*of, *event) == (slot, id)).count()
    }

    fn forget(&mut self, slot: u32, id: EventId) {
        self.pairs.retain(|(_, of, event)| (*of, *event) != (slot, id));
        self.events.remove(&(slot, id));
    }

    fn known(&self, slot: u32) -> Vec<EventId> {
        self.events.keys().filter(|(of, _)| *of == slot).map(|(_, id)| *id).collect()
    }

    fn of(&self, seq: Seq) -> BTreeSet<(u32, EventId)> {
        self.pairs.iter().filter(|(of, ..)| *of == seq).map(|(_, slot, id)| (*slot, *id)).collect()
    }

    fn confirm(&mut self, seq: Seq) -> BTreeSet<(u32, EventId)> {
        let mut of = self.of(seq);
        self.pairs.retain(|(other, ..)| *other != seq);
        of.retain(|(slot, id)| self.events[&(*slot, *id)] && self.numbers(*slot, *id) == 0);
        of.iter().for_each(|(slot, id)| self.forget(*slot, *id));
        of
    }
}

fn pick<T: Copy>(from: &[T], which: u64) -> Option<T> {
    let at = which.checked_rem(from.len() as u64)?;
    from.get(at as usize).copied()
}

struct Both {
    ours: Unstored,
    book: Book,
}

impl Both {
    fn play(&mut self, step: Step) {
        let now = Moment::default();
        let Self { ours, book } = self;
        match step {
            Step::Answer(slot, of) => {
                let mut events = Vec::new();
                for count in of {
                    let id = book.next_id();
                    events.extend((0..count).map(|_| (book.bind(slot, id, true), id)));
                }
                ours.bind_each(slot, &events, now);
            }
            Step::Again(slot, of) => {
                let known = book.known(slot);
                let known: BTreeSet<_> = of.into_iter().filter_map(|which| pick(&known, which)).collect();
                let mut events = Vec::new();
                // In no order, as lanes come back.
                for id in known.into_iter().rev() {
                    book.forget(slot, id);
                    ours.forget(slot, id);
                    events.push((book.bind(slot, id, true), id));
                }
                ours.bind_each(slot, &events, now);
            }
            Step::Hold(slot) => {
                let id = book.next_id();
                book.events.insert((slot, id), false);
                ours.hold_back(slot, id, now);
            }
            Step::Cover(slot, which) => {
                let earlier = pick(&book.known(slot), which);
                let id = book.next_id();
                let seq = book.bind(slot, id, true);
                let events: Vec<_> = earlier.into_iter().chain([id]).collect();
                if let Some(earlier) = earlier {
                    book.pairs.insert((seq, slot, earlier));
                    book.events.insert((slot, earlier), true);
                }
                ours.bind(seq, slot, events, true, now);
            }
            Step::Window(slot) => {
                let id = book.next_id();
                ours.bind(book.bind(slot, id, false), slot, vec![id], false, now);
            }
            Step::Close(slot, which) => {
                let Some(id) = pick(&book.known(slot), which) else { return };
                let is_over = book.numbers(slot, id) == 0;
                assert_eq!(ours.close(slot, id), is_over);
                if is_over {
                    book.forget(slot, id);
                } else {
                    book.events.insert((slot, id), true);
                }
            }
            Step::Confirm(which) => {
                let (seq, mut settled) = (Seq(which % (book.seqs + 2)), Vec::new());
                ours.confirm(seq, &mut settled);
                assert_eq!(settled.into_iter().collect::<BTreeSet<_>>(), book.confirm(seq));
            }
            Step::GiveUp(which) => {
                let (seq, mut given_up) = (Seq(which % (book.seqs + 2)), Vec::new());
                ours.give_up(seq, &mut given_up);
                let expected = book.of(seq);
                expected.iter().for_each(|(slot, id)| book.forget(*slot, *id));
                assert_eq!(given_up.into_iter().collect::<BTreeSet<_>>(), expected);
            }
            Step::Forget(slot, which) => {
                let Some(id) = pick(&book.known(slot), which) else { return };
                book.forget(slot, id);
                ours.forget(slot, id);
            }
            Step::ForgetAll(slot) => {
                let mut forgotten = ours.forget_all(slot);
                forgotten.sort_unstable();
                assert_eq!(forgotten, book.known(slot));
                forgotten.into_iter().for_each(|id| book.forget(slot, id));
            }
        }
    }

    fn compare(&self) {
        let Self { ours, book } = self;
        assert_eq!(ours.len(), book.pairs.iter().map(|(seq, ..)| seq).collect::<BTreeSet<_>>().len());
        for slot in 0..3 {
            let known = book.known(slot);
            assert_eq!((ours.events(slot), ours.is_settled(slot)), (known.len(), known.is_empty()));
            assert_eq!(ours.oldest(slot).map(|(id, _)| id), known.first().copied());
            let open: Vec<_> = known.iter().copied().filter(|id| !book.events[&(slot, *id)]).collect();
            assert_eq!(ours.held_back(slot), open);
            for id in known {
                let numbers = Some(book.numbers(slot, id)).filter(|_| book.events[&(slot, id)]);
                assert_eq!((ours.contains(slot, id), ours.waited_for(slot, id)), (true, numbers));
                assert!(!ours.contains(slot + 3, id));
            }
        }
    }
}

proptest! {
    #[test]
    fn behaves_like_pairs(steps in prop::collection::vec(step(), 0..24)) {
        let mut both = Both { ours: Unstored::default(), book: Book::default() };
        for step in steps {
            both.play(step);
            both.compare();
        }
        for seq in 0..=both.book.seqs {
            both.play(Step::GiveUp(seq));
        }
        (0..3).for_each(|slot| both.play(Step::ForgetAll(slot)));
        both.compare();
        let places = both.ours.places.iter().all(|place| place.runs.is_empty() && place.in_runs == 0);
        prop_assert!(places && both.ours.runs.is_empty() && both.ours.in_runs == 0);
    }
}
