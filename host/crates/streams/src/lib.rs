//! Shared streams: many triggers behind one upstream, and acknowledgements back to its broker.
//!
//! Owns the rules of docs/design/shared-streams.md as a pure state machine ([`Group`], [`Registry`]) and a thin actor
//! around it. Knows neither Airflow's wire nor wasm. Invariants: a raw event is advanced past only when everyone who
//! was there when it was read has resolved it and what they derived from it is stored; time is a parameter; every queue
//! has a bound.
#![forbid(unsafe_code)]

pub mod actor;
pub mod appetite;
mod effect;
mod entries;
mod group;
mod ids;
mod lanes;
pub mod matching;
mod outcome;
mod policy;
mod registry;
mod ring;
mod slot_set;
mod slots;
pub mod status;
mod timers;
mod unstored;

pub use effect::{AdvanceItem, Batch, Delivery, Effect, Notice, PollEnd, Raw, Verdict};
pub use group::{AdvanceError, Counts, Group, JoinError, Mode, NotStored, PullError, VerdictError};
pub use ids::{BatchId, EventId, GroupId, Lane, Moment, Seq, Sequence, StreamKey, SubscriptionId};
pub use outcome::{FailedBy, Failure, Outcome};
pub use policy::{AckClock, AdvancePolicy, Binding, Identity, OnFailed, Policy, QueueFull};
pub use registry::Registry;
