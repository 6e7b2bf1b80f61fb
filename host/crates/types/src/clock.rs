//! Time as a value. Everything that a trigger can see or that decides when one runs asks a [`Clock`], never the system.
//!
//! Deadlines on the outside (sockets, calls) use tokio's own clock: they are about the real world, also in a virtual
//! run.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type UnixMs = u64;

/// The current time.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// Now, in milliseconds since the epoch. Never goes backwards by more than the system's clock does.
    fn now(&self) -> UnixMs;
}

/// The machine's wall clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the system for the wall time")]
    fn now(&self) -> UnixMs {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}

/// A clock that moves only when told to.
#[derive(Debug)]
pub struct VirtualClock(AtomicU64);

impl VirtualClock {
    /// Starts at `start`.
    pub const fn new(start: UnixMs) -> Self {
        Self(AtomicU64::new(start))
    }

    /// Moves to `to`; a time in the past changes nothing.
    pub fn advance_to(&self, to: UnixMs) {
        self.0.fetch_max(to, Ordering::SeqCst);
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> UnixMs {
        self.0.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn virtual_time_never_goes_back() {
        let clock = VirtualClock::new(1_000);
        clock.advance_to(5_000);
        clock.advance_to(2_000);
        assert_eq!(clock.now(), 5_000);
    }
}
