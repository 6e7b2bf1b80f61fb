//! What a host did in its life, in numbers.

use std::collections::BTreeMap;
use std::time::Duration;

use trigger_host_types::step::{Step, StepKind};

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
    pub(crate) fn count(&mut self, step: &Step) {
        match &step.what {
            StepKind::Claimed { .. } => self.claimed += 1,
            StepKind::Polled { cpu, .. } => {
                self.polls += 1;
                self.cpu += *cpu;
            }
            StepKind::Fired { .. } => self.fired += 1,
            StepKind::Failed { reason, .. } => *self.failed.entry(reason).or_default() += 1,
            _ => {}
        }
    }
}
