//! The time that triggers live by: the machine's, or one that jumps to the next thing that is due.

use std::sync::Arc;

use supervisor::Time;
use trigger_host_types::{Clock, SystemClock, VirtualClock};

/// One time in the two forms that it is needed in. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Clocks {
    /// For whoever reads it.
    pub(crate) clock: Arc<dyn Clock>,
    jumping: Option<Arc<VirtualClock>>,
}

impl Clocks {
    /// The machine's time.
    pub(crate) fn real() -> Self {
        Self { clock: Arc::new(SystemClock), jumping: None }
    }

    /// A time that begins now and jumps.
    pub(crate) fn jumping() -> Self {
        let jumping = Arc::new(VirtualClock::new(SystemClock.now()));
        Self { clock: Arc::clone(&jumping) as Arc<dyn Clock>, jumping: Some(jumping) }
    }

    /// For whoever makes it go on.
    pub(super) fn time(&self) -> Time {
        self.jumping.clone().map_or(Time::Real, Time::Virtual)
    }
}
