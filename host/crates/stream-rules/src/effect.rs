//! What the state machine asks of the world.
//!
//! Owns the shapes that leave a group. Invariant: effects are in the order in which they must be begun; none waits for
//! another.

use std::sync::Arc;

use bytes::Bytes;
use trigger_host_types::TriggerId;

use crate::ids::{BatchId, EventId, Lane, SubscriptionId};
use crate::outcome::{Failure, Outcome};

/// One raw event, as the source gave it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Raw {
    /// What subscribers see.
    pub data: Bytes,
    /// The producer's own handle, given back in the advance (`O3`).
    pub payload: Bytes,
    /// Its lane (`N1`).
    pub lane: Lane,
}

/// How a poll came to its end by itself (`T1`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PollEnd {
    /// The source returned.
    Terminated,
    /// The source, the producer's factory or a lane failed; says which.
    Failed(Arc<str>),
}

/// One raw event on its way to a subscriber.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its number in the group.
    pub id: EventId,
    /// What subscribers see.
    pub data: Bytes,
}

/// Raw events for one call of a filter. Subscribers in step share one.
pub type Batch = Arc<[Delivery]>;

/// One raw event whose lane may advance past it (`O3`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdvanceItem {
    /// The producer's own handle.
    pub payload: Bytes,
    /// How its subscribers resolved it.
    pub outcome: Outcome,
}

/// What becomes of one raw event at a subscriber.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Not for this trigger.
    Skip,
    /// Fires trigger events; the raw event is settled when all of them are stored.
    Emit {
        /// How many, at least one.
        events: u32,
    },
    /// Malformed.
    Reject,
    /// There is no verdict that can be used: the filter trapped, or the API could not be given what it made of the raw
    /// event.
    Failed,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Make the producer and open its source; answer with `opened` or `poll_ended`.
    Open,
    /// Read raw events, no more than there is room for; answer with `read`. One at a time.
    Read {
        /// Room for raw events.
        max: usize,
    },
    /// Give these to a subscriber that waits.
    HandOver {
        /// The subscriber.
        to: SubscriptionId,
        /// At least one raw event.
        batch: Batch,
    },
    /// Let a waiting subscriber know why nothing more will come. It still has to leave.
    Fail {
        /// The subscriber.
        to: SubscriptionId,
        /// The reason.
        failure: Failure,
    },
    /// Tell a subscriber that asks after its failure that there is nothing more (`T3`).
    Exhausted {
        /// The subscriber.
        to: SubscriptionId,
    },
    /// Acknowledge at the broker (`P3`); answer with `advanced`.
    Advance {
        /// Names the call.
        batch: BatchId,
        /// The lane of all items.
        lane: Lane,
        /// In the order they were read, at least one.
        items: Arc<[AdvanceItem]>,
    },
    /// Abandon a running advance: it is overdue or the group is over. No answer.
    AbandonAdvance {
        /// The call.
        batch: BatchId,
    },
    /// Read this lane again from this raw event on; answer with `rewound`.
    Rewind {
        /// The lane.
        lane: Lane,
        /// The producer's handle of the first raw event to read again.
        payload: Bytes,
    },
    /// Stop reading and drop the source.
    StopReading,
    /// Takes no subscribers from here on: forget the key, if it still names this group (`L0`, `L4`).
    Evict,
    /// Close the producer (`C1`); answer with `closed`.
    Close,
    /// Nothing is left to do; the group may be dropped.
    Ended,
    /// Something to log and count.
    Notice(Notice),
}

/// What operators want to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A subscriber fell behind and was failed.
    Overflow(TriggerId),
    /// Raw events were dropped for a slow subscriber.
    Dropped(TriggerId, u64),
    /// An acknowledgement was overdue.
    AckTimeout(TriggerId, EventId),
    /// A raw event was refused.
    Rejected(TriggerId, EventId),
    /// A reject without a window; nothing came of it (`R3`).
    RejectWithoutWindow,
    /// The poll failed; says why.
    PollFailed(Arc<str>),
    /// An advance failed and is tried again.
    AdvanceRetry(Lane, u32),
    /// An advance failed for good.
    AdvanceFailed(Lane, usize, Arc<str>),
    /// A lane stands still because its next raw event was failed.
    LaneHeld(Lane, EventId),
    /// A lane goes past a raw event that was failed to the end.
    LanePassed(Lane, EventId),
    /// The drain took too long; what was left is abandoned, so the broker delivers it again.
    DrainOverdue,
}
