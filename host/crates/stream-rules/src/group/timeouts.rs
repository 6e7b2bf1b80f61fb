//! What is due when time passes.
//!
//! Owns the deadlines of acknowledgements (`K1`-`K4`): one for the oldest outstanding event, and, where the clock
//! starts at hand-over, one for the oldest event in each subscriber's hands. Invariant: younger events cannot be
//! overdue before older ones, so one timer each is enough; and, where a verdict binds, no clock runs for what has its
//! verdict and waits for storage alone: events that nobody has stored are not advanced past, however long storing
//! takes.

use super::{Group, Phase};
use crate::effect::{Effect, Notice};
use crate::ids::{EventId, Moment};
use crate::outcome::{FailedBy, Failure};
use crate::policy::Binding;
use crate::timers::Timer;

/// The clock that starts when a raw event is read.
#[derive(Debug, Default)]
pub(super) struct Scanning {
    /// Everything before this was looked at for being overdue.
    scanned: EventId,
    /// Whether a timer is set for the oldest outstanding one.
    is_set: bool,
}

impl Group {
    /// Does whatever is due at `now`.
    pub fn tick(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        self.clock = now;
        while let Some(timer) = self.timers.due(now) {
            self.fire(timer, now, effects);
        }
        self.settle(now, effects);
    }

    fn fire(&mut self, timer: Timer, now: Moment, effects: &mut Vec<Effect>) {
        let polling = matches!(self.phase, Phase::Grace | Phase::Opening | Phase::Reading);
        match timer {
            Timer::Grace => self.open(effects),
            Timer::Absent => self.absent_overdue(now),
            Timer::Retry(lane) => self.advancing.try_again(lane),
            Timer::Advance => self.advance_overdue(now, effects),
            Timer::Drain => self.drain_overdue(effects),
            // What is not resolved when the poll ends is abandoned (`T4`, `X1`).
            Timer::SinceRead | Timer::SinceHandOver { .. } | Timer::Offer(_) if !polling => {}
            Timer::SinceRead => self.scan_since_read(now, effects),
            Timer::SinceHandOver { slot, generation } => self.scan_since_hand_over(slot, generation, now, effects),
            Timer::Offer(event) => self.offer_again(event, now, effects),
        }
    }

    /// Sets the timer of the oldest outstanding event, unless it is set.
    pub(super) fn watch_since_read(&mut self) {
        if self.scanning.is_set {
            return;
        }
        self.scanning.scanned = self.scanning.scanned.max(self.entries.base());
        while self.scanning.scanned < self.entries.head() {
            if let Some(entry) = self.entries.get(self.scanning.scanned) {
                let at = entry.read.after(self.since_read());
                self.timers.set(at, Timer::SinceRead);
                self.scanning.is_set = true;
                return;
            }
            self.scanning.scanned = self.scanning.scanned.next();
        }
    }

    /// `K1`-`K3`: fails the subscribers that an overdue event still waits for.
    fn scan_since_read(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        self.scanning.is_set = false;
        let limit = self.since_read();
        self.scanning.scanned = self.scanning.scanned.max(self.entries.base());
        while self.scanning.scanned < self.entries.head() {
            let id = self.scanning.scanned;
            if let Some(entry) = self.entries.get(id) {
                if entry.read.after(limit) > now {
                    break;
                }
                let late: Vec<u32> = entry.pending.iter().filter(|slot| !self.awaits_storage(*slot, id)).collect();
                for slot in late {
                    self.time_out(slot, id, effects);
                }
            }
            self.scanning.scanned = self.scanning.scanned.next();
        }
        self.watch_since_read();
    }

    pub(super) fn watch_since_hand_over(&mut self, slot: u32) {
        if self.slots.at(slot).timed {
            return;
        }
        if let Some((_, oldest)) = self.oldest_owed(slot) {
            let state = self.slots.at_mut(slot);
            state.timed = true;
            let generation = state.generation;
            self.timers.set(oldest.after(self.policy.ack_timeout), Timer::SinceHandOver { slot, generation });
        }
    }

    fn scan_since_hand_over(&mut self, slot: u32, generation: u64, now: Moment, effects: &mut Vec<Effect>) {
        let state = self.slots.at_mut(slot);
        if state.generation != generation || state.failed {
            return;
        }
        state.timed = false;
        let Some((id, oldest)) = self.oldest_owed(slot) else { return };
        if oldest.after(self.policy.ack_timeout) > now {
            return self.watch_since_hand_over(slot);
        }
        self.time_out(slot, id, effects);
    }

    /// The oldest event in a subscriber's hands for which the clock runs, and the time at which the first of them was
    /// handed over.
    fn oldest_owed(&self, slot: u32) -> Option<(EventId, Moment)> {
        let open = self.slots.at(slot).open.as_ref();
        let open = open.and_then(|open| Some((open.batch.first()?.id, open.handed)));
        let answered = match self.policy.binding {
            Binding::Window => self.unstored.oldest(slot),
            Binding::Verdict => self.unstored.oldest_held_back(slot),
        };
        let first = |(id, handed): (EventId, Moment), (other, before)| (id.min(other), handed.min(before));
        open.into_iter().chain(answered).reduce(first)
    }

    /// Whether the subscriber has given its verdict, and only storing is left. A window does not say so: Airflow's
    /// clock runs on (`K1`).
    fn awaits_storage(&self, slot: u32, id: EventId) -> bool {
        self.policy.binding == Binding::Verdict && self.unstored.waited_for(slot, id).is_some()
    }

    /// Fails a subscription that was too slow in all it owes (`K2`), the queue of whoever has its place now included
    /// where the place belongs to the trigger (`K4`); one that has left has no queue in which it could hear of it
    /// (`K3`).
    fn time_out(&mut self, slot: u32, id: EventId, effects: &mut Vec<Effect>) {
        let state = self.slots.at(slot);
        if state.joined {
            effects.push(Effect::Notice(Notice::AckTimeout(state.trigger, id)));
            self.fail_subscriber(slot, Failure::AckTimeout, FailedBy::Timeout);
        } else {
            self.resolve_delivered(slot, FailedBy::Timeout);
            self.free_if_settled(slot);
        }
    }
}
