//! A source that a component reads.

use std::sync::Arc;

use broker::HttpGrant;
use sandbox::Limits;
use streams::Policy;
use supervisor::{Upstream, UpstreamRefused, WantedUpstream};

/// A producer, and what its calls may reach and use.
#[expect(dead_code, reason = "the supervisor has no producer of components yet")]
pub(crate) struct Component {
    /// Loaded, with the interfaces its grants allow.
    pub(crate) component: sandbox::Component,
    /// For each of its calls.
    pub(crate) limits: Arc<Limits>,
    /// Where its requests may go.
    pub(crate) http: Arc<[HttpGrant]>,
}

/// Makes what a trigger asks for.
pub(super) fn make(
    _component: &Component,
    _policy: Policy,
    wanted: &WantedUpstream<'_>,
) -> Result<Upstream, UpstreamRefused> {
    Err(UpstreamRefused(format!("source `{}` is a component, which this host does not read yet", wanted.source)))
}
