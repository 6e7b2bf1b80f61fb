//! The trigger events of one batch of verdicts.
//!
//! Owns how they get their numbers (`B1`): all at once when the verdicts are through, so that those of one batch are
//! neighbours, and what waits for their storage can be held as one thing. Invariant: a number is drawn only for what
//! binds.

use super::Group;
use crate::ids::{EventId, Moment, Seq};

/// What was emitted so far, with numbers that still begin at 0.
#[derive(Debug, Default)]
pub(super) struct Emitted {
    /// One for each trigger event; None for one that binds to nothing.
    seqs: Vec<Option<Seq>>,
    drawn: u64,
    /// Bound to the raw event of the verdict.
    each: Vec<(Seq, EventId)>,
    /// Bound to earlier ones (`W5`).
    together: Vec<(Seq, Vec<EventId>)>,
}

impl Emitted {
    fn draw(&mut self, events: u32, mut bind: impl FnMut(&mut Self, Seq)) {
        for _ in 0..events {
            let seq = Seq(self.drawn);
            self.drawn += 1;
            self.seqs.push(Some(seq));
            bind(self, seq);
        }
    }
}

impl Group {
    /// Whether this raw event waits for the subscriber in this place.
    pub(super) fn owes(&self, slot: u32, id: EventId) -> bool {
        self.entries.get(id).is_some_and(|entry| entry.pending.contains(slot))
    }

    /// One verdict's trigger events.
    pub(super) fn emit(&self, slot: u32, id: EventId, events: u32, covers: &[EventId], emitted: &mut Emitted) {
        let gated = || covers.iter().copied().chain([id]).filter(|id| !self.evicted && self.owes(slot, *id));
        match (gated().next(), gated().nth(1)) {
            (None, _) => emitted.seqs.extend((0..events).map(|_| None)),
            (Some(only), None) if only == id => emitted.draw(events, |emitted, seq| emitted.each.push((seq, id))),
            _ => {
                let mut gated: Vec<EventId> = gated().collect();
                gated.sort_unstable();
                gated.dedup();
                emitted.draw(events, |emitted, seq| emitted.together.push((seq, gated.clone())));
            }
        }
    }

    /// Draws the numbers, and binds them.
    pub(super) fn bind_emitted(&mut self, slot: u32, mut emitted: Emitted, handed: Moment) -> Vec<Option<Seq>> {
        if emitted.drawn > 0 {
            let first = self.sequence.draw_many(emitted.drawn).0;
            let seqs = emitted.seqs.iter_mut().flatten();
            let each = emitted.each.iter_mut().map(|(seq, _)| seq);
            let together = emitted.together.iter_mut().map(|(seq, _)| seq);
            seqs.chain(each).chain(together).for_each(|seq| seq.0 += first);
            self.unstored.bind_each(slot, &emitted.each, handed);
            for (seq, events) in emitted.together {
                self.unstored.bind(seq, slot, events, true, handed);
            }
        }
        emitted.seqs
    }
}
