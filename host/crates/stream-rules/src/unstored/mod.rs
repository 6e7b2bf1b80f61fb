//! Which raw events wait for which trigger event to be stored.
//!
//! Owns, for each place, the raw events that its subscriber has answered with trigger events or holds back, and the
//! numbers of the trigger events that they wait for. Invariants (`B5`): a number is known exactly as long as one of its
//! raw events is unresolved for its subscriber; a raw event is in a run or alone, never both. Nearly everything is in
//! runs, one for each call of a filter. Alone is what is less simple: what is held back, covered by a later raw event
//! (`W5`), bound by time, or offered again.

mod run;

use std::collections::{BTreeMap, HashMap};

use crate::ids::{EventId, Moment, Seq};
use run::Run;

/// What a trigger event gates that is in no run.
#[derive(Debug)]
struct Binding {
    slot: u32,
    /// Nearly always one; more when it covers earlier raw events (`W5`).
    events: Vec<EventId>,
}

/// A raw event in the hands of a subscription that is in no run.
#[derive(Debug)]
struct Alone {
    /// Whether nothing more can be bound to it (`W3`).
    closed: bool,
    /// Numbers that are not confirmed (`B3`).
    unconfirmed: u32,
    /// All its numbers, to be forgotten with it (`B5`).
    seqs: Vec<Seq>,
    /// When it was handed over.
    handed: Moment,
}

/// What waits in one place.
#[derive(Debug, Default)]
struct Place {
    alone: BTreeMap<EventId, Alone>,
    /// The first number of each run, by the run's first raw event.
    runs: BTreeMap<EventId, Seq>,
    /// Raw events in runs.
    in_runs: usize,
    /// Behind the last raw event of any run: what begins a run comes later than all of them.
    end: EventId,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Unstored {
    alone: HashMap<Seq, Binding>,
    /// By first number.
    runs: BTreeMap<Seq, Run>,
    /// Numbers in runs.
    in_runs: usize,
    places: Vec<Place>,
}

impl Unstored {
    /// Keeps a raw event open for a later verdict.
    pub(crate) fn hold_back(&mut self, slot: u32, id: EventId, handed: Moment) {
        if !self.contains(slot, id) {
            self.open(slot, id, handed);
        }
    }

    /// Binds one trigger event to these raw events; `closed`: nothing more can be bound to them.
    pub(crate) fn bind(&mut self, seq: Seq, slot: u32, events: Vec<EventId>, closed: bool, handed: Moment) {
        for id in &events {
            self.leave_run(slot, *id);
            let alone = self.open(slot, *id, handed);
            alone.unconfirmed += 1;
            alone.seqs.push(seq);
            alone.closed |= closed;
        }
        self.alone.insert(seq, Binding { slot, events });
    }

    /// Binds trigger events to one raw event each, to which nothing more can be bound. Those of one raw event are
    /// neighbours.
    pub(crate) fn bind_each(&mut self, slot: u32, events: &[(Seq, EventId)], handed: Moment) {
        for events in events.chunk_by(|(seq, id), (next, later)| next.0 == seq.0 + 1 && id <= later) {
            let place = self.place(slot);
            let is_plain = |first, last| first >= place.end && place.alone.range(first..=last).next().is_none();
            match (events, Run::new(slot, handed, events)) {
                ([(seq, first), .., (_, last)] | [(seq, first @ last)], Some(run)) if is_plain(*first, *last) => {
                    place.end = last.next();
                    place.runs.insert(*first, *seq);
                    place.in_runs += run.events();
                    self.in_runs += events.len();
                    self.runs.insert(*seq, run);
                }
                _ => events.iter().for_each(|(seq, id)| self.bind(*seq, slot, vec![*id], true, handed)),
            }
        }
    }

    /// A number is confirmed. Adds to `settled` each raw event, with its place, that waited for nothing else.
    pub(crate) fn confirm(&mut self, seq: Seq, settled: &mut Vec<(u32, EventId)>) {
        if let Some((first, run)) = self.run_with(seq) {
            let slot = run.slot;
            if let Some((id, is_last)) = run.confirm(seq.0 - first.0) {
                let is_over = run.left() == 0;
                self.in_runs -= 1;
                if is_last {
                    self.place(slot).in_runs -= 1;
                    settled.push((slot, id));
                }
                if is_over {
                    self.end_run(slot, first);
                }
                return;
            }
        }
        let Some(Binding { slot, events }) = self.alone.remove(&seq) else { return };
        for id in events {
            let Some(alone) = self.place(slot).alone.get_mut(&id) else { continue };
            alone.unconfirmed -= 1;
            if alone.closed && alone.unconfirmed == 0 {
                self.forget(slot, id);
                settled.push((slot, id));
            }
        }
    }

    /// A number will never be confirmed. The raw events that waited for it are forgotten, and added to `given_up` with
    /// their place.
    pub(crate) fn give_up(&mut self, seq: Seq, given_up: &mut Vec<(u32, EventId)>) {
        let in_run = self.run_with(seq).and_then(|(first, run)| Some((run.slot, run.unconfirmed(seq.0 - first.0)?)));
        let (slot, events) = match in_run {
            Some((slot, id)) => (slot, vec![id]),
            None => match self.alone.remove(&seq) {
                Some(binding) => (binding.slot, binding.events),
                None => return,
            },
        };
        for id in events {
            self.forget(slot, id);
            given_up.push((slot, id));
        }
    }

    /// Nothing more can be bound to a raw event. True when it waits for nothing, and so is forgotten.
    pub(crate) fn close(&mut self, slot: u32, id: EventId) -> bool {
        if let Some(alone) = self.place(slot).alone.get_mut(&id).filter(|alone| alone.unconfirmed > 0) {
            alone.closed = true;
            return false;
        }
        if self.count_in_run(slot, id).is_some() {
            return false;
        }
        self.forget(slot, id);
        true
    }

    /// A raw event is resolved in another way, and so are its numbers.
    pub(crate) fn forget(&mut self, slot: u32, id: EventId) {
        if let Some(alone) = self.place(slot).alone.remove(&id) {
            alone.seqs.into_iter().for_each(|seq| self.unbind(seq, id));
        }
        self.take_from_run(slot, id);
    }

    /// Forgets everything in a place, and returns its raw events.
    pub(crate) fn forget_all(&mut self, slot: u32) -> Vec<EventId> {
        let place = self.place(slot);
        place.in_runs = 0;
        let (alone, runs) = (std::mem::take(&mut place.alone), std::mem::take(&mut place.runs));
        let mut events = Vec::with_capacity(alone.len());
        for run in runs.into_values().filter_map(|first| self.runs.remove(&first)) {
            self.in_runs -= run.left() as usize;
            events.extend(run.waiting());
        }
        for (id, alone) in alone {
            alone.seqs.into_iter().for_each(|seq| self.unbind(seq, id));
            events.push(id);
        }
        events
    }

    /// The raw events that are kept open for a later verdict.
    pub(crate) fn held_back(&self, slot: u32) -> Vec<EventId> {
        self.all_held_back(slot).map(|(id, _)| id).collect()
    }

    /// The oldest of these, and when it was handed over.
    pub(crate) fn oldest_held_back(&self, slot: u32) -> Option<(EventId, Moment)> {
        self.all_held_back(slot).next()
    }

    fn all_held_back(&self, slot: u32) -> impl Iterator<Item = (EventId, Moment)> + '_ {
        let alone = self.places.get(slot as usize).into_iter().flat_map(|place| &place.alone);
        alone.filter(|(_, alone)| !alone.closed).map(|(id, alone)| (*id, alone.handed))
    }

    /// Whether something is known of this raw event.
    pub(crate) fn contains(&self, slot: u32, id: EventId) -> bool {
        self.places.get(slot as usize).is_some_and(|place| place.alone.contains_key(&id))
            || self.count_in_run(slot, id).is_some()
    }

    /// How many numbers a raw event waits for to which nothing more can be bound; None for any other.
    pub(crate) fn waited_for(&self, slot: u32, id: EventId) -> Option<usize> {
        let alone = self.places.get(slot as usize).and_then(|place| place.alone.get(&id));
        match alone {
            Some(alone) => alone.closed.then_some(alone.unconfirmed as usize),
            None => self.count_in_run(slot, id),
        }
    }

    /// The oldest raw event of a place, and the time at which the first of them was handed over.
    pub(crate) fn oldest(&self, slot: u32) -> Option<(EventId, Moment)> {
        let place = self.places.get(slot as usize)?;
        let alone = place.alone.first_key_value().map(|(id, alone)| (*id, alone.handed));
        let run = place.runs.first_key_value().and_then(|(_, first)| self.runs.get(first));
        let in_run = run.and_then(|run| Some((run.waiting().next()?, run.handed)));
        match (alone, in_run) {
            (Some((id, handed)), Some((other, before))) => Some((id.min(other), handed.min(before))),
            (one, other) => one.or(other),
        }
    }

    /// Whether nothing in this place waits for storage.
    pub(crate) fn is_settled(&self, slot: u32) -> bool {
        self.events(slot) == 0
    }

    /// Raw events of a place.
    pub(crate) fn events(&self, slot: u32) -> usize {
        self.places.get(slot as usize).map_or(0, |place| place.alone.len() + place.in_runs)
    }

    /// Numbers that are known.
    pub(crate) fn len(&self) -> usize {
        self.alone.len() + self.in_runs
    }

    fn place(&mut self, slot: u32) -> &mut Place {
        let slot = slot as usize;
        if self.places.len() <= slot {
            self.places.resize_with(slot + 1, Place::default);
        }
        &mut self.places[slot]
    }

    fn open(&mut self, slot: u32, id: EventId, handed: Moment) -> &mut Alone {
        let new = || Alone { closed: false, unconfirmed: 0, seqs: Vec::new(), handed };
        self.place(slot).alone.entry(id).or_insert_with(new)
    }

    fn unbind(&mut self, seq: Seq, id: EventId) {
        let Some(binding) = self.alone.get_mut(&seq) else { return };
        binding.events.retain(|event| *event != id);
        if binding.events.is_empty() {
            self.alone.remove(&seq);
        }
    }

    /// The run that may hold a number, and its first one.
    fn run_with(&mut self, seq: Seq) -> Option<(Seq, &mut Run)> {
        self.runs.range_mut(..=seq).next_back().map(|(first, run)| (*first, run))
    }

    /// The first number of the run that may hold a raw event.
    fn run_at(&self, slot: u32, id: EventId) -> Option<Seq> {
        self.places.get(slot as usize)?.runs.range(..=id).next_back().map(|(_, first)| *first)
    }

    /// How many numbers of its run a raw event waits for; None when it is in no run.
    fn count_in_run(&self, slot: u32, id: EventId) -> Option<usize> {
        let run = self.runs.get(&self.run_at(slot, id)?)?;
        Some(run.count(id)).filter(|numbers| *numbers > 0)
    }

    fn end_run(&mut self, slot: u32, first: Seq) {
        if let Some(run) = self.runs.remove(&first) {
            self.place(slot).runs.remove(&run.first());
        }
    }

    /// Takes a raw event out of its run; its numbers, and when it was handed over.
    fn take_from_run(&mut self, slot: u32, id: EventId) -> Option<(Vec<Seq>, Moment)> {
        let first = self.run_at(slot, id)?;
        let run = self.runs.get_mut(&first)?;
        let (seqs, handed) = (run.forget(id), run.handed);
        if seqs.is_empty() {
            return None;
        }
        let is_over = run.left() == 0;
        self.in_runs -= seqs.len();
        self.place(slot).in_runs -= 1;
        if is_over {
            self.end_run(slot, first);
        }
        Some((seqs.into_iter().map(|place| Seq(first.0 + u64::from(place))).collect(), handed))
    }

    /// Takes a raw event out of its run and keeps it alone, because a later one covers it too.
    fn leave_run(&mut self, slot: u32, id: EventId) {
        let Some((seqs, handed)) = self.take_from_run(slot, id) else { return };
        for seq in &seqs {
            self.alone.insert(*seq, Binding { slot, events: vec![id] });
        }
        let unconfirmed = seqs.len() as u32;
        self.place(slot).alone.insert(id, Alone { closed: true, unconfirmed, seqs, handed });
    }
}

#[cfg(test)]
mod tests;
