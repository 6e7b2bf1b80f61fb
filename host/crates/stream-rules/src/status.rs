//! What an operator sees of a group.
//!
//! Owns the plain shapes of a snapshot, for `GET /streams` and for metrics. Invariants: nothing decides by them; a
//! snapshot lists at most [`LANES`] lanes and [`SUBSCRIBERS`] subscribers, however many there are, and says how many
//! there are.

use std::time::Duration;

use trigger_host_types::TriggerId;

use crate::ids::{EventId, Lane};
use crate::outcome::FailedBy;
use crate::policy::Mode;

/// Lanes that a snapshot lists: those whose heads have waited longest.
pub const LANES: usize = 100;
/// Subscribers that a snapshot lists: the failed, then those that are furthest behind.
pub const SUBSCRIBERS: usize = 100;
/// Triggers that one lane's head names.
pub const NAMES: usize = 8;

/// What a group is doing, and if it does not read, why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Waits for others to join before the first read (`D1`).
    Grace,
    /// Its source is being opened.
    Opening,
    /// Reads, or waits for the source to have something.
    Reading,
    /// An operator has paused it.
    Paused,
    /// A slow subscriber has as much waiting as it may.
    Blocked,
    /// As many raw events are outstanding as may be (`A2`).
    Full,
    /// No live subscriber; not read for nobody (`S2`).
    Idle,
    /// The last subscriber has left; waits for what it owes (`L2`).
    Lingering,
    /// The poll is over; what is resolved is still advanced (`P6`).
    Draining,
    /// The producer is being closed (`C1`).
    Closing,
    /// Over.
    Ended,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Grace,
        Self::Opening,
        Self::Reading,
        Self::Paused,
        Self::Blocked,
        Self::Full,
        Self::Idle,
        Self::Lingering,
        Self::Draining,
        Self::Closing,
        Self::Ended,
    ];

    /// A word for operators and labels.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Grace => "grace",
            Self::Opening => "opening",
            Self::Reading => "reading",
            Self::Paused => "paused",
            Self::Blocked => "blocked",
            Self::Full => "full",
            Self::Idle => "idle",
            Self::Lingering => "lingering",
            Self::Draining => "draining",
            Self::Closing => "closing",
            Self::Ended => "ended",
        }
    }
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

/// What a group has done since it was made. Counted where it happens; nothing is looked up for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Reads that the source answered.
    pub reads: u64,
    /// Raw events that it gave.
    pub read: u64,
    /// Parts of raw events that no filter was called for, as a subscriber's match did not select them.
    pub skipped: u64,
    /// Parts of raw events that a filter refused (`R1`).
    pub rejected: u64,
    /// Advances that the broker took.
    pub advances: u64,
    /// Calls of advance that failed or were overdue, repeated or not.
    pub advances_failed: u64,
    /// Raw events that were advanced past.
    pub advanced: u64,
    failed_by: [u64; FailedBy::ALL.len()],
}

impl Totals {
    /// Parts of raw events that were failed, reason by reason. One that is offered again and failed again counts twice.
    pub fn failed_by(&self) -> impl Iterator<Item = (FailedBy, u64)> + '_ {
        FailedBy::ALL.into_iter().map(|by| (by, self.failed_by[by as usize]))
    }

    /// Adds what came between two looks at one group.
    pub fn add(&mut self, now: &Self, before: &Self) {
        self.reads += now.reads - before.reads;
        self.read += now.read - before.read;
        self.skipped += now.skipped - before.skipped;
        self.rejected += now.rejected - before.rejected;
        self.advances += now.advances - before.advances;
        self.advances_failed += now.advances_failed - before.advances_failed;
        self.advanced += now.advanced - before.advanced;
        for (sum, (now, before)) in self.failed_by.iter_mut().zip(now.failed_by.iter().zip(&before.failed_by)) {
            *sum += now - before;
        }
    }

    pub(crate) fn failed(&mut self, by: FailedBy) {
        self.failed_by[by as usize] += 1;
    }
}

/// One subscriber.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriberStatus {
    /// Its trigger.
    pub trigger: TriggerId,
    /// Raw events that wait for it: its lag.
    pub queued: usize,
    /// Raw events that its filter is working on.
    pub in_hand: usize,
    /// Raw events it was given that wait for storage, or for a later verdict of its own.
    pub unsettled: usize,
    /// Whether it was failed and has not yet left (`Q3`).
    pub failed: bool,
}

/// What the head of a lane waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wait {
    /// Its subscribers.
    Subscribers {
        /// Those who have given no verdict on it, at most [`NAMES`].
        undecided: Vec<TriggerId>,
        /// How many those are.
        undecided_total: usize,
        /// Trigger events made of it that are not stored.
        unstored: usize,
    },
    /// Nothing but its turn: as many lanes advance as may.
    Turn,
    /// The broker: raw events are being advanced past, or wait for a call that takes several lanes.
    Advance {
        /// Items of the running call.
        items: usize,
        /// Which call of these items it is, from 1.
        call: u32,
    },
    /// The next call, after one that failed.
    Retry {
        /// Items of the call.
        items: usize,
        /// Calls that failed.
        calls: u32,
        /// How long until then; zero when it only waits for its turn.
        wait: Duration,
    },
    /// Those who failed it, to be offered it again (`P2`, hold).
    Held {
        /// Who failed it, at most [`NAMES`].
        failed: Vec<TriggerId>,
        /// How many those are.
        failed_total: usize,
    },
    /// The producer, to read the lane again (`P2`, rewind).
    Rewind,
}

/// One lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneStatus {
    /// The lane.
    pub lane: Lane,
    /// Its oldest raw event that is in no call; None when all of them are.
    pub head: Option<EventId>,
    /// Since its oldest raw event was read, one in a call included.
    pub age: Duration,
    /// What it waits for.
    pub waits_for: Wait,
}

/// One group at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Whether it is acknowledged.
    pub mode: Mode,
    /// What it is doing.
    pub state: State,
    /// Whether an operator has paused it, whatever its state.
    pub paused: bool,
    /// Whether a read is under way. One that was when the group was paused may still give raw events.
    pub reading: bool,
    /// Since the source last gave raw events; None before the first.
    pub last_read: Option<Duration>,
    /// What it holds.
    pub counts: Counts,
    /// What it has done.
    pub totals: Totals,
    /// Raw events that wait for the slowest subscriber.
    pub lag: usize,
    /// Since the oldest raw event that is not advanced past was read; None when there is none.
    pub oldest: Option<Duration>,
    /// At most [`SUBSCRIBERS`].
    pub subscribers: Vec<SubscriberStatus>,
    /// At most [`LANES`], oldest first.
    pub lanes: Vec<LaneStatus>,
}
