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
mod pausing;
mod pump;
mod resolving;
mod status;
mod subscribers;
mod timeouts;
mod verdicts;

use std::collections::{HashMap, HashSet, VecDeque};

use trigger_host_types::TriggerId;

pub use pump::AdvanceError;
pub use subscribers::{JoinError, PullError};
pub use verdicts::{NotStored, VerdictError};

use crate::effect::{Batch, Effect};
use crate::entries::Entries;
use crate::ids::{BatchId, EventId, Moment, Sequence};
use crate::lanes::Lanes;
use crate::matching::Index;
use crate::policy::Policy;
use crate::ring::Ring;
use crate::slots::Slots;
use crate::status::Totals;
use crate::timers::Timers;
use crate::unstored::Unstored;

/// Whether a stream is acknowledged (`G6`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// No entries, windows, outcomes, timeouts or advances (`F1`).
    Fast,
    /// With a producer that is told how each raw event ended.
    Ack,
}

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
    /// Whether there is a producer to close (`C1`).
    producer: bool,
    /// Whether a read is under way.
    reading: bool,
    /// Reads that were begun.
    reads: u64,
    /// When the source last gave raw events.
    last_read: Option<Moment>,
    /// Whether it was taken out of the table of keys (`L0`).
    evicted: bool,
    /// Whether its subscribers were told why it is over.
    told: bool,
    /// Whether it stays, without subscribers, for what it owes.
    lingering: bool,
    /// Whether an operator has paused it.
    paused: bool,
    /// Whether the grace ended while it was paused.
    opens_on_resume: bool,
    totals: Totals,
    /// Triggers that are expected to join before the first read.
    cohort: HashSet<TriggerId>,
    /// Triggers that left and may come back.
    absent: absent::Absent,
    ring: Ring,
    entries: Entries,
    lanes: Lanes,
    slots: Slots,
    unstored: Unstored,
    timers: Timers,
    index: Index,
    /// Waiting subscribers whose failure they are told at the end of the command.
    failing: Vec<u32>,
    /// Selections that hold as much as they may.
    full: usize,
    /// The last batches that were made for subscribers that take everything, newest last.
    shared: VecDeque<Batch>,
    /// Resolved heads that were failed, where they are offered again.
    held: HashMap<EventId, held::Held>,
    /// Running advances, and their lanes.
    running: HashMap<BatchId, u32>,
    /// Lanes with a batch that is being advanced or waits to be tried again.
    flights: usize,
    /// Lanes whose batch may be tried again as soon as there is room.
    again: VecDeque<u32>,
    batches: u64,
    /// Everything before this was looked at for being overdue since it was read.
    scanned: EventId,
    scan_set: bool,
    advance_set: bool,
}

/// What a group holds, for metrics and tests. Not for decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Subscribed, failed ones included.
    pub subscribers: usize,
    /// Raw events that are not advanced past.
    pub outstanding: usize,
    /// Raw events that somebody has still to be given.
    pub queued: usize,
    /// Trigger events that are not stored.
    pub unconfirmed: usize,
    /// Lanes with anything in them.
    pub lanes: usize,
    /// Running advances.
    pub advancing: usize,
    /// Deadlines that are set.
    pub timers: usize,
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
            producer: false,
            reading: false,
            reads: 0,
            last_read: None,
            evicted: false,
            told: false,
            lingering: false,
            paused: false,
            opens_on_resume: false,
            totals: Totals::default(),
            cohort: cohort.into_iter().collect(),
            absent: absent::Absent::default(),
            ring: Ring::default(),
            entries: Entries::default(),
            lanes: Lanes::default(),
            slots: Slots::default(),
            unstored: Unstored::default(),
            timers: Timers::default(),
            index: Index::default(),
            failing: Vec::new(),
            full: 0,
            shared: VecDeque::new(),
            held: HashMap::new(),
            running: HashMap::new(),
            flights: 0,
            again: VecDeque::new(),
            batches: 0,
            scanned: EventId(0),
            scan_set: false,
            advance_set: false,
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
            advancing: self.running.len(),
            timers: self.timers.len(),
        }
    }

    /// What it has done since it was made.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// What every command ends with: advances what may, reads what there is room for, ends what is over.
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
