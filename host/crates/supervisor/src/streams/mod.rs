//! Shared streams of the triggers that this host holds: who reads which upstream, and what each makes of it.
//!
//! Owns the subscriptions. The rules of a group are those of the crate `streams`; which upstreams there are is the
//! catalog's ([`Upstreams`]).

mod cohorts;
mod description;
mod guest;
mod join;
mod listener;
mod receipt;
mod upstream;

pub(crate) use cohorts::Cohorts;
pub use guest::{GuestParts, GuestUpstream};
pub(crate) use join::{Hall, Newcomer, NotJoined};
pub(crate) use listener::{Fault, Listener, Told};
pub(crate) use receipt::{Receipt, settle};
pub use upstream::{NoUpstreams, Upstream, UpstreamRefused, Upstreams, WantedUpstream};
