//! One group: triggers with equal keys behind one source, and the way back to its broker.
//!
//! Owns the whole state of a group and is the only thing that changes it. Pure: every command takes the time and leaves
//! what is to be done in `effects`. Invariants: each command is one uninterrupted section (`L0`); an entry is advanced
//! past only when everyone in its snapshot resolved it (`P2`), is counted once (`O1`) and leaves the table before the
//! call (`P3`); the work of a command does not grow with the number of outstanding events or lanes.

mod absent;
mod emitting;
mod fan_out;
mod held;
mod leaving;
mod lifecycle;
mod pump;
pub(crate) mod recorded;
mod resolving;
mod status;
mod subscribers;
mod timeouts;
mod verdicts;

use std::collections::HashMap;

use matching::Index;
use trigger_host_types::TriggerId;

pub use pump::AdvanceError;
pub use subscribers::{JoinError, PullError};
pub use verdicts::{NotStored, VerdictError};

use absent::Absent;
use held::Held;
use lifecycle::Life;
use pump::Advancing;
use subscribers::Handing;
use timeouts::Scanning;

use crate::effect::Effect;
use crate::entries::Entries;
use crate::ids::{EventId, Moment, Sequence};
use crate::lanes::Lanes;
use crate::policy::{Mode, Policy};
use crate::ring::Ring;
use crate::slots::Slots;
use crate::status::{Counts, Totals};
use crate::timers::Timers;
use crate::unstored::Unstored;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Waits for others to join (`D1`).
    Grace,
    Opening,
    Reading,
    /// The poll is over; what is resolved is still advanced (`P6`).
    Draining,
    Closing,
    Ended,
}

/// See the module.
#[derive(Debug)]
pub struct Group {
    policy: Policy,
    mode: Mode,
    sequence: Sequence,
    /// The time of the command that is being done.
    clock: Moment,
    phase: Phase,
    life: Life,
    /// Whether it was taken out of the table of keys (`L0`).
    evicted: bool,
    /// Whether it stays, without subscribers, for what it owes.
    lingering: bool,
    totals: Totals,
    /// Triggers that left and may return.
    absent: Absent,
    ring: Ring,
    entries: Entries,
    lanes: Lanes,
    slots: Slots,
    unstored: Unstored,
    timers: Timers,
    index: Index,
    handing: Handing,
    /// Selections that hold as much as they may.
    full: usize,
    /// Resolved heads that were failed, where they are offered again.
    held: HashMap<EventId, Held>,
    advancing: Advancing,
    scanning: Scanning,
}

impl Group {
    /// A group without subscribers; the first one joins next. A bound of 0 in `policy` counts as 1. `cohort`: triggers
    /// that are known to be coming (`D1`).
    pub fn new(
        policy: Policy,
        mode: Mode,
        sequence: Sequence,
        cohort: impl IntoIterator<Item = TriggerId>,
        now: Moment,
        effects: &mut Vec<Effect>,
    ) -> Self {
        let mut group = Self::unbegun(policy, mode, sequence, cohort, now);
        group.begin(now, effects);
        group
    }

    /// The same, paused from the beginning: its source is not even opened before it is resumed.
    pub fn new_paused(
        policy: Policy,
        mode: Mode,
        sequence: Sequence,
        cohort: impl IntoIterator<Item = TriggerId>,
        now: Moment,
        effects: &mut Vec<Effect>,
    ) -> Self {
        let mut group = Self::unbegun(policy, mode, sequence, cohort, now);
        group.pause();
        group.begin(now, effects);
        group
    }

    fn unbegun(
        policy: Policy,
        mode: Mode,
        sequence: Sequence,
        cohort: impl IntoIterator<Item = TriggerId>,
        now: Moment,
    ) -> Self {
        Self {
            policy: policy.without_zeros(),
            mode,
            sequence,
            clock: now,
            phase: Phase::Grace,
            life: Life::new(cohort),
            evicted: false,
            lingering: false,
            totals: Totals::default(),
            absent: Absent::default(),
            ring: Ring::default(),
            entries: Entries::default(),
            lanes: Lanes::default(),
            slots: Slots::default(),
            unstored: Unstored::default(),
            timers: Timers::default(),
            index: Index::default(),
            handing: Handing::default(),
            full: 0,
            held: HashMap::new(),
            advancing: Advancing::default(),
            scanning: Scanning::default(),
        }
    }

    /// When [`Group::tick`] has something to do, if ever.
    pub fn next_wake(&self) -> Option<Moment> {
        self.timers.next()
    }

    /// Whether nothing is left to do.
    pub fn is_ended(&self) -> bool {
        self.phase == Phase::Ended
    }

    /// Whether it is out of the table of keys, so takes no subscribers (`L0`).
    pub fn is_evicted(&self) -> bool {
        self.evicted
    }

    /// What it holds.
    pub fn counts(&self) -> Counts {
        Counts {
            subscribers: self.slots.joined_count(),
            outstanding: self.entries.len(),
            queued: self.ring.len(),
            unconfirmed: self.unstored.len(),
            lanes: self.lanes.len(),
            advancing: self.advancing.running_calls(),
            timers: self.timers.len(),
        }
    }

    /// What it has done since it was made.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// Ends every command: advances the lanes that may, reads what there is room for, ends what is over.
    fn settle(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        if let Some((events, end)) = self.absent.take_read() {
            self.take_read(events, end, now, effects);
        }
        self.tell_failures(effects);
        self.pump(now, effects);
        if self.lingering && self.slots.owing.is_empty() {
            self.stop_poll(now, effects);
            self.pump(now, effects);
        }
        self.ask_for_more(effects);
        self.end_drain(effects);
    }
}
