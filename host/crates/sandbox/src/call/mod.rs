//! What goes into one call of a guest and what comes out of it: plain values, no engine.

mod context;
mod end;
mod host_calls;
mod limits;
mod outcome;
mod stream;

pub use context::{Call, Context};
pub use end::{EndReason, Ended, GuestError, Used};
pub use host_calls::HostCalls;
pub(crate) use host_calls::NoHost;
pub use limits::Limits;
pub use outcome::{Description, Next, Outcome};
pub use stream::{Advanced, Demand, Message, ReadBatch, Settled, Stream, Test, Upstream, Verdict, Wanted};
