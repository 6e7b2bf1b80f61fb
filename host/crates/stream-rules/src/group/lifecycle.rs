//! From the first subscriber to the closed producer.
//!
//! Owns the phases (grace, opening, reading, draining, closing, ended) and the operator's pause. Invariants: the key is
//! given up in the same section in which the group stops taking subscribers (`L0`); the producer is closed once, after
//! the last advance, if there ever was one (`C1`); a paused group neither opens its source nor begins a read, while
//! everything else goes on.

use std::collections::HashSet;

use trigger_host_types::TriggerId;

use super::{Group, Phase};
use crate::effect::{Effect, Notice, PollEnd};
use crate::ids::Moment;
use crate::outcome::Failure;
use crate::policy::{AckClock, Mode, QueueFull};
use crate::timers::Timer;

/// The most raw events that one read asks for.
const READ_AT_MOST: usize = 1_024;

/// What decides whether the source is open and read.
#[derive(Debug, Default)]
pub(super) struct Life {
    /// Whether there is a producer to close (`C1`).
    producer: bool,
    /// Whether a read is under way.
    reading: bool,
    /// Reads that were begun.
    reads: u64,
    /// When the source last gave raw events.
    last_read: Option<Moment>,
    /// Whether its subscribers know why the group is over.
    announced: bool,
    /// Whether an operator has paused it.
    paused: bool,
    /// Whether the grace ended while it was paused.
    opens_on_resume: bool,
    /// Triggers that are expected to join before the first read.
    cohort: HashSet<TriggerId>,
}

impl Life {
    /// Before the grace: `cohort` are the triggers that are known to be coming (`D1`).
    pub(super) fn new(cohort: impl IntoIterator<Item = TriggerId>) -> Self {
        Self { cohort: cohort.into_iter().collect(), ..Self::default() }
    }

    /// The source has given raw events or ended. True when that answers a read.
    pub(super) fn end_read(&mut self, gave_some: bool, now: Moment) -> bool {
        if gave_some {
            self.last_read = Some(now);
        }
        std::mem::take(&mut self.reading)
    }

    pub(super) fn is_reading(&self) -> bool {
        self.reading
    }

    /// Reads that were begun so far.
    pub(super) fn reads(&self) -> u64 {
        self.reads
    }

    pub(super) fn last_read(&self) -> Option<Moment> {
        self.last_read
    }
}

impl Group {
    /// Begins the grace, or opens the source at once where there is none (`D1`-`D3`).
    pub(super) fn begin(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        if self.policy.grace.is_zero() {
            self.open(effects);
        } else {
            self.timers.set(now.after(self.policy.grace), Timer::Grace);
        }
    }

    pub(super) fn open(&mut self, effects: &mut Vec<Effect>) {
        if self.phase == Phase::Grace && self.life.paused {
            self.life.opens_on_resume = true;
        } else if self.phase == Phase::Grace {
            self.phase = Phase::Opening;
            effects.push(Effect::Open);
        }
    }

    /// A trigger that was expected will not come.
    pub fn not_coming(&mut self, trigger: TriggerId, effects: &mut Vec<Effect>) {
        self.absent.no_longer(trigger);
        if self.life.cohort.remove(&trigger) && self.life.cohort.is_empty() && self.policy.grace_ends_with_cohort {
            self.open(effects);
        }
    }

    /// The source is open.
    pub fn opened(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        if self.phase == Phase::Opening {
            self.phase = Phase::Reading;
            self.life.producer = self.mode == Mode::Ack;
            self.settle(now, effects);
        }
    }

    /// The source could not be opened (`T1`). `producer`: whether there is one, to be closed (`C1`).
    pub fn open_failed(&mut self, end: PollEnd, producer: bool, now: Moment, effects: &mut Vec<Effect>) {
        if self.phase == Phase::Opening {
            self.life.producer = producer && self.mode == Mode::Ack;
            self.poll_ended(end, now, effects);
            self.settle(now, effects);
        }
    }

    /// How many raw events there is room for (`A2`, `Q2`).
    fn room(&mut self) -> usize {
        if !self.policy.read_for_nobody && self.slots.live.is_empty() || self.absent.is_waited_for() {
            return 0;
        }
        let mut room = READ_AT_MOST;
        if self.blocks() {
            let behind = self.ring.slowest().map_or(0, |at| self.ring.head().0 - at.0);
            let free = self.policy.queue.saturating_sub(usize::try_from(behind).unwrap_or(usize::MAX));
            room = room.min(if self.full > 0 { 0 } else { free });
        }
        if let Some(most) = self.policy.max_outstanding {
            room = room.min(most.saturating_sub(self.entries.len()));
        }
        room
    }

    pub(super) fn blocks(&self) -> bool {
        match self.policy.queue_full {
            QueueFull::Block => true,
            QueueFull::Fail => false,
            QueueFull::DropOldest => self.mode == Mode::Ack,
        }
    }

    pub(super) fn ask_for_more(&mut self, effects: &mut Vec<Effect>) {
        if self.phase != Phase::Reading || self.life.reading || self.life.paused {
            return;
        }
        let max = self.room();
        if max > 0 {
            self.life.reading = true;
            self.life.reads += 1;
            effects.push(Effect::Read { max });
        }
    }

    /// The poll is over by itself: the key is given up and every subscriber fails, before anything else can happen
    /// (`T2`, `T3`, `L4`).
    pub(super) fn poll_ended(&mut self, end: PollEnd, now: Moment, effects: &mut Vec<Effect>) {
        let failure = match end {
            PollEnd::Terminated => Failure::PollTerminated,
            PollEnd::Failed(what) => {
                effects.push(Effect::Notice(Notice::PollFailed(what.clone())));
                Failure::PollFailed(what)
            }
        };
        self.stop_poll(now, effects);
        self.fail_everyone(&failure);
    }

    /// Every subscriber's queue is emptied and ends with `failure`. Nothing is resolved by that: it is abandoned (`T3`,
    /// `T4`). Only once: what ends the group first is what they see.
    pub(super) fn fail_everyone(&mut self, failure: &Failure) {
        if std::mem::replace(&mut self.life.announced, true) {
            return;
        }
        for slot in self.slots.joined() {
            self.close_queue(slot);
            self.slots.not_live(slot);
            self.put_failure(slot, failure.clone());
        }
    }

    /// Takes the group out of the table; the registry has done so already when it stops everything (`X2`).
    pub fn detach(&mut self) {
        self.evicted = true;
    }

    pub(super) fn evict(&mut self, effects: &mut Vec<Effect>) {
        if !self.evicted {
            self.evicted = true;
            effects.push(Effect::Evict);
        }
    }

    /// Ends the group: no more reading, what is resolved is still advanced (`X1`, `P6`). Subscribers do not fail
    /// (`X3`).
    pub fn stop(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        self.stop_poll(now, effects);
        self.settle(now, effects);
    }

    pub(super) fn stop_poll(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        self.evict(effects);
        self.lingering = false;
        if matches!(self.phase, Phase::Opening | Phase::Reading) {
            effects.push(Effect::StopReading);
        }
        if matches!(self.phase, Phase::Grace | Phase::Opening | Phase::Reading) {
            self.phase = Phase::Draining;
            if let Some(drain) = self.policy.drain {
                self.timers.set(now.after(drain), Timer::Drain);
            }
        }
    }

    /// Draining ends when nothing resolved is at the head of a lane and no batch is on its way (`P6`).
    pub(super) fn end_drain(&mut self, effects: &mut Vec<Effect>) {
        if self.phase == Phase::Draining && self.advancing.is_idle() && !self.lanes.any_ready() {
            self.close(effects);
        }
    }

    pub(super) fn drain_overdue(&mut self, effects: &mut Vec<Effect>) {
        if self.phase == Phase::Draining {
            effects.push(Effect::Notice(Notice::DrainOverdue));
            self.abandon_advances(effects);
            self.close(effects);
        }
    }

    pub(super) fn close(&mut self, effects: &mut Vec<Effect>) {
        self.timers.clear();
        if self.life.producer {
            self.phase = Phase::Closing;
            effects.push(Effect::Close);
        } else {
            self.end(effects);
        }
    }

    /// The producer is closed, well or not (`C2`).
    pub fn closed(&mut self, effects: &mut Vec<Effect>) {
        if self.phase == Phase::Closing {
            self.end(effects);
        }
    }

    fn end(&mut self, effects: &mut Vec<Effect>) {
        self.phase = Phase::Ended;
        effects.push(Effect::Ended);
    }

    /// How long a raw event may be outstanding since it was read (`K1`).
    pub(super) fn since_read(&self) -> std::time::Duration {
        match self.policy.ack_clock {
            AckClock::Broadcast => self.policy.ack_timeout,
            AckClock::HandOver { since_read } => since_read,
        }
    }

    /// Begins no further read until [`Group::resume`]. A read that is under way may still give what it finds, because
    /// dropping it could lose that.
    pub fn pause(&mut self) {
        self.life.paused = true;
    }

    /// Reads again after [`Group::pause`].
    pub fn resume(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        if !std::mem::take(&mut self.life.paused) {
            return;
        }
        if std::mem::take(&mut self.life.opens_on_resume) {
            self.open(effects);
        }
        self.settle(now, effects);
    }

    /// Whether it is paused.
    pub fn is_paused(&self) -> bool {
        self.life.paused
    }
}
