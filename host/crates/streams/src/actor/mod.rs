//! The actor around a group: channels, tasks and the clock, and nothing that decides.
//!
//! Owns the way messages get in and effects get out. [`Desk`] is the whole of it without a runtime, so that its interleavings can be
//! searched; [`Streams`] puts it on tokio. Invariants: one task per group is the only one that touches its state; every queue has a
//! bound; whoever waits for a reply of a group that is gone is told so. A group may run on another runtime than its producer ([`Streams::start_on`]).

mod alarm;
mod calls;
mod desk;
mod message;
mod producer;
mod status;
mod streams;
mod subscription;
mod table;
mod task;
mod totals;

pub use desk::{Desk, Shell};
pub use message::{Ended, Leaving, Message, Reply};
pub use producer::{Advance, Producer, Read, Reader, SourceError};
pub use status::{GroupStatus, Seen};
pub use streams::{PauseError, Streams, Subscribe, SubscribeError};
pub use subscription::{Confirmer, Exit, Subscription};
