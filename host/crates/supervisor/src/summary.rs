//! What a host did in its life, in numbers.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::observer::{Life, What};

/// Sums over all triggers.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// Triggers claimed.
    pub claimed: u64,
    /// Calls that ended.
    pub polls: u64,
    /// CPU time of all calls.
    pub cpu: Duration,
    /// Events the API accepted.
    pub fired: u64,
    /// Failures by reason.
    pub failed: BTreeMap<&'static str, u64>,
}

impl Summary {
    pub(crate) fn count(&mut self, life: &Life) {
        match &life.what {
            What::Claimed { .. } => self.claimed += 1,
            What::Polled { cpu, .. } => {
                self.polls += 1;
                self.cpu += *cpu;
            }
            What::Fired { .. } => self.fired += 1,
            What::Failed { reason, .. } => *self.failed.entry(reason).or_default() += 1,
            What::Stopped(_) | What::Finished { .. } => {}
        }
    }
}
