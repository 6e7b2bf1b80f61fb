//! From the source to the subscribers.
//!
//! Owns the snapshot (`S1`) and what happens to subscribers that fall behind. Invariant: fan-out never waits (`Q2`),
//! and a whole read is one section: no subscriber is given anything before all of it has its entries.

use super::{Group, Phase};
use crate::effect::{Effect, Notice, PollEnd, Raw};
use crate::entries::Entry;
use crate::ids::{EventId, Moment};
use crate::outcome::{FailedBy, Failure, Outcome};
use crate::policy::{Mode, OnFailed, QueueFull};
use crate::slot_set::SlotSet;
use crate::slots::Queue;

impl Group {
    /// The source gave these raw events, and ended after them if `end` says so (`T1`, `N2`).
    pub fn read(&mut self, events: Vec<Raw>, end: Option<PollEnd>, now: Moment, effects: &mut Vec<Effect>) {
        self.clock = now;
        if self.phase != Phase::Reading {
            return;
        }
        if self.absent.is_waited_for() {
            return self.absent.put_aside(events, end);
        }
        self.take_read(events, end, now, effects);
        self.settle(now, effects);
    }

    pub(super) fn take_read(&mut self, events: Vec<Raw>, end: Option<PollEnd>, now: Moment, effects: &mut Vec<Effect>) {
        if self.phase != Phase::Reading {
            return;
        }
        self.totals.reads += u64::from(self.life.end_read(!events.is_empty(), now));
        self.totals.read += events.len() as u64;
        let mut reached = SlotSet::default();
        let fanned_out = events.into_iter().try_for_each(|raw| self.fan_out(raw, &mut reached, now, effects));
        match fanned_out.err().or(end) {
            Some(end) => self.poll_ended(end, now, effects),
            None => self.wake(&reached, now, effects),
        }
    }

    fn fan_out(
        &mut self,
        raw: Raw,
        reached: &mut SlotSet,
        now: Moment,
        effects: &mut Vec<Effect>,
    ) -> Result<(), PollEnd> {
        let mut lane = None;
        if self.mode == Mode::Ack {
            let at = self.lanes.find_or_add(&raw.lane);
            if !self.takes(at, &raw)? {
                return Ok(()); // Will be read again.
            }
            lane = Some(at);
        }
        let mut selected = SlotSet::default();
        self.index.find(&raw.data, |slot| {
            selected.insert(slot);
        });
        // No subscriber is in both sets.
        let unasked = self.slots.live.len().saturating_sub(self.slots.everything.len() + selected.len());
        self.totals.skipped += u64::from(unasked);
        let kept = if self.policy.on_failed == OnFailed::Pass { bytes::Bytes::new() } else { raw.data.clone() };
        let id = self.ring.push(raw.data, selected.len());
        if let Some(lane) = lane {
            let mut pending = self.slots.everything.clone();
            pending.union(&selected);
            let left = pending.len();
            let outcome = Outcome::skipped_by(unasked);
            let (payload, read) = (raw.payload, now);
            self.entries.push(Entry {
                pending,
                left,
                outcome,
                read,
                payload,
                data: kept,
                lane,
                next_in_lane: None,
                offers: 0,
                pass: false,
            });
            self.lanes.append(lane, id, &mut self.entries);
            if left == 0 {
                self.lanes.resolved(lane, id); // `S2`
            } else {
                self.watch_since_read();
            }
        }
        self.select(id, &selected, effects);
        reached.union(&selected);
        self.overflow_everything(effects);
        Ok(())
    }

    /// Gives the event to the subscribers whose match holds.
    fn select(&mut self, id: EventId, selected: &SlotSet, effects: &mut Vec<Effect>) {
        let bound = self.policy.queue;
        for slot in selected.iter() {
            let Queue::Selected(queue) = &mut self.slots.at_mut(slot).queue else { continue };
            queue.push_back(id);
            let length = queue.len();
            if length == bound {
                self.full += 1;
            } else if length > bound {
                self.overflow_selected(slot, effects);
            }
        }
    }

    fn overflow_selected(&mut self, slot: u32, effects: &mut Vec<Effect>) {
        match self.policy.queue_full {
            QueueFull::Fail => self.overflow(slot, effects),
            QueueFull::DropOldest if self.mode == Mode::Fast => {
                if let Queue::Selected(queue) = &mut self.slots.at_mut(slot).queue
                    && let Some(oldest) = queue.pop_front()
                {
                    self.ring.release(oldest);
                    effects.push(Effect::Notice(Notice::Dropped(self.slots.at(slot).trigger, 1)));
                }
            }
            // The source gave more than it was asked for; it is kept all the same.
            QueueFull::Block | QueueFull::DropOldest => {}
        }
    }

    /// `Q2`, for those who take everything: only those at the very end of the ring can be too far behind.
    fn overflow_everything(&mut self, effects: &mut Vec<Effect>) {
        let floor = EventId(self.ring.head().0.saturating_sub(self.policy.queue as u64));
        match self.policy.queue_full {
            QueueFull::Fail => {
                while let Some(at) = self.ring.slowest().filter(|at| *at < floor) {
                    let behind =
                        |slot: &u32| matches!(self.slots.at(*slot).queue, Queue::Everything(next) if next == at);
                    let slow: Vec<u32> = self.slots.everything.iter().filter(behind).collect();
                    if slow.is_empty() {
                        return; // Cannot be: somebody's cursor is there.
                    }
                    for slot in slow {
                        self.overflow(slot, effects);
                    }
                }
            }
            QueueFull::DropOldest if self.mode == Mode::Fast => self.ring.raise(floor),
            QueueFull::Block | QueueFull::DropOldest => {}
        }
    }

    /// `Q3`-`Q5`: fails one subscriber in everything it still owes, the event that overflowed it included.
    fn overflow(&mut self, slot: u32, effects: &mut Vec<Effect>) {
        effects.push(Effect::Notice(Notice::Overflow(self.slots.at(slot).trigger)));
        self.fail_subscriber(slot, Failure::Overflow, FailedBy::Overflow);
    }

    /// Hands over to waiting subscribers for which there may be something.
    fn wake(&mut self, reached: &SlotSet, now: Moment, effects: &mut Vec<Effect>) {
        let mut waiting = self.slots.everything.clone();
        waiting.union(reached);
        waiting.intersect(&self.slots.waiting);
        for slot in waiting.iter() {
            self.hand_over(slot, now, effects);
        }
    }
}
