//! The time that triggers live in: the machine's, or one that jumps ahead whenever nothing is left to do.

use std::sync::Arc;

use trigger_host_types::{Clock, SystemClock, VirtualClock};

/// Where the time comes from.
#[derive(Debug, Clone)]
pub enum Time {
    /// The machine.
    Real,
    /// This clock, which the supervisor moves to the next timer when every trigger waits.
    Virtual(Arc<VirtualClock>),
}

impl Time {
    /// The clock.
    pub fn clock(&self) -> Arc<dyn Clock> {
        match self {
            Self::Real => Arc::new(SystemClock),
            Self::Virtual(clock) => clock.clone(),
        }
    }
}
