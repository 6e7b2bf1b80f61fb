//! Shared streams of the triggers that this host holds: who reads which upstream, and what each makes of it.
//!
//! Owns the subscriptions. The rules of a group are those of the crate `streams`; which upstreams there are is the catalog's ([`Upstreams`]).

mod guest;
mod upstream;

pub use guest::{GuestParts, GuestUpstream};
pub use upstream::{NoUpstreams, Upstream, UpstreamRefused, Upstreams, WantedUpstream};
