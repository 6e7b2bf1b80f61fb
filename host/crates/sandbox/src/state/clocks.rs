//! The clocks of WASI, coarse: whole milliseconds, so that nothing fine can be timed with them. Wall time is the host's
//! `Clock`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use trigger_host_types::Clock;
use wasmtime_wasi::{HostMonotonicClock, HostWallClock};

const STEP: Duration = Duration::from_millis(1);

/// The wall clock a guest sees.
pub(crate) struct CoarseWall(pub(crate) Arc<dyn Clock>);

impl HostWallClock for CoarseWall {
    fn resolution(&self) -> Duration {
        STEP
    }

    fn now(&self) -> Duration {
        Duration::from_millis(self.0.now())
    }
}

/// Milliseconds since the call began.
pub(crate) struct CoarseMonotonic(pub(crate) Instant);

impl HostMonotonicClock for CoarseMonotonic {
    fn resolution(&self) -> u64 {
        1_000_000
    }

    fn now(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX / 1_000_000) * 1_000_000
    }
}
