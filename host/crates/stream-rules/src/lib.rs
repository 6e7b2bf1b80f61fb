//! The rules of shared streams: many triggers behind one upstream, and acknowledgements back to its broker.
//!
//! Owns these rules as a pure state machine ([`Group`], [`Registry`]): commands in, effects out, time as a parameter.
//! No task, channel, clock or wire is in reach here; the manifest holds that. Invariants: a raw event is advanced past
//! only when everyone who was there when it was read has resolved it and what they derived from it is stored; every
//! queue has a bound.
//!
//! It is larger than a package of this workspace should be because it is one thing: each rule is about several of the
//! tables in here (who is subscribed, what is outstanding, what waits for storage, which lane is next), and none of
//! them means anything without the others. What could stand alone is apart: which events a subscriber wants to see is
//! the package `matching`.
#![forbid(unsafe_code)]

pub mod appetite;
mod effect;
mod entries;
mod group;
mod ids;
mod lanes;
mod outcome;
mod policy;
mod registry;
mod ring;
mod slot_set;
mod slots;
pub mod status;
mod timers;
mod unstored;

/// What the rules know and no component can say: for the comparison with recordings, and for tests.
pub mod recorded {
    pub use crate::group::recorded::{Recorded, Ruling};
}

pub use effect::{AdvanceItem, Batch, Delivery, Effect, Notice, PollEnd, Raw, Verdict};
pub use group::{AdvanceError, Group, JoinError, NotStored, PullError, VerdictError};
pub use ids::{BatchId, EventId, GroupId, Lane, Moment, Seq, Sequence, StreamKey, SubscriptionId};
pub use outcome::{FailedBy, Failure, Outcome};
pub use policy::{AckClock, AdvancePolicy, Binding, Identity, Mode, OnFailed, Policy, QueueFull};
pub use registry::Registry;
pub use status::Counts;
