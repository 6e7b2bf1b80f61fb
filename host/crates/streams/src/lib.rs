//! Shared streams on tokio: channels, tasks and the clock around the rules, and nothing that decides.
//!
//! Owns the way messages get into a group and effects get out. What happens is decided in `stream-rules`; [`GroupLoop`]
//! is one group without a runtime, so that its interleavings can be searched; [`Streams`] puts all of them on tokio.
//! Knows neither Airflow's wire nor wasm. Invariants: the task of a group is the only one that touches its state; every
//! queue has a bound; whoever waits for the reply of a group that is gone hears that it is gone. A group may run on
//! another runtime than its producer ([`Streams::start_on`]).
#![forbid(unsafe_code)]

mod alarm;
mod calls;
mod group_loop;
mod leavers;
mod message;
mod producer;
mod request;
mod status;
mod streams;
mod subscription;
mod table;
mod task;
mod totals;

pub use group_loop::{GroupLoop, Shell};
pub use message::{Ended, Leaving, Message, Reply};
pub use producer::{Advance, Producer, Read, Reader, SourceError};
pub use request::{PauseError, Subscribe, SubscribeError};
pub use status::{GroupStatus, Seen};
pub use streams::Streams;
pub use subscription::{Confirmer, Exit, Subscription};
