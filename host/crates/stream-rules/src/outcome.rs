//! How raw events and subscriptions end.
//!
//! Owns the counts a producer sees. Invariant (`O1`): each member of an event's snapshot is in exactly one count.

use std::sync::Arc;

/// Why one subscriber failed one raw event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailedBy {
    /// Its acknowledgement was overdue (`K1`).
    Timeout,
    /// It fell too far behind (`Q3`).
    Overflow,
    /// Its filter trapped, failed or ran out of budget.
    Filter,
    /// It left before its verdict.
    Left,
    /// It left before it was given the event (`U3`).
    NeverDelivered,
}

impl FailedBy {
    pub(crate) const ALL: [Self; 5] = [Self::Timeout, Self::Overflow, Self::Filter, Self::Left, Self::NeverDelivered];

    /// A word for logs and producers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Overflow => "overflow",
            Self::Filter => "filter",
            Self::Left => "left",
            Self::NeverDelivered => "never-delivered",
        }
    }
}

/// How the snapshot of one raw event resolved it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcome {
    /// Processed, and everything derived from it is stored.
    pub acked: u32,
    /// Refused by the filter (`R1`).
    pub rejected: u32,
    failed_by: [u32; 5],
}

impl Outcome {
    /// The outcome of an event that `acked` subscribers have skipped without being asked.
    pub(crate) fn skipped_by(acked: u32) -> Self {
        Self { acked, ..Self::default() }
    }

    pub(crate) fn count(&mut self, resolution: Resolution) {
        match resolution {
            Resolution::Acked => self.acked += 1,
            Resolution::Rejected => self.rejected += 1,
            Resolution::Failed(by) => self.failed_by[by as usize] += 1,
        }
    }

    pub(crate) fn take_back(&mut self, by: FailedBy) {
        self.failed_by[by as usize] = self.failed_by[by as usize].saturating_sub(1);
    }

    /// Failed, for any reason.
    pub fn failed(&self) -> u32 {
        self.failed_by.iter().sum()
    }

    /// Failed, reason by reason.
    pub fn failed_by(&self) -> impl Iterator<Item = (FailedBy, u32)> + '_ {
        FailedBy::ALL.into_iter().map(|by| (by, self.failed_by[by as usize]))
    }

    /// Whether somebody accepted it and nobody failed or refused it (`O2`). False when there was nobody.
    pub fn is_clean(&self) -> bool {
        self.failed() == 0 && self.rejected == 0 && self.acked > 0
    }
}

/// One subscriber's part in one raw event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resolution {
    Acked,
    Rejected,
    Failed(FailedBy),
}

/// Why a subscription ends other than by leaving.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The source came to its end (`T1`).
    PollTerminated,
    /// The source, the producer or a lane failed; says which (`T1`, `N2`).
    PollFailed(Arc<str>),
    /// The broker's acknowledgement failed for good (`P7`).
    AdvanceFailed(Arc<str>),
    /// It fell too far behind (`Q3`).
    Overflow,
    /// Its acknowledgement was overdue (`K1`).
    AckTimeout,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::PollTerminated => f.write_str("the source ended; a shared source has to run as long as its group"),
            Self::PollFailed(what) => write!(f, "reading the source failed: {what}"),
            Self::AdvanceFailed(what) => write!(f, "acknowledging at the broker failed: {what}"),
            Self::Overflow => f.write_str("the subscriber fell behind by more than its queue holds"),
            Self::AckTimeout => f.write_str("a raw event was not processed and stored in time"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `O2`.
    #[test]
    fn clean_means_accepted_by_all_of_at_least_one() {
        let mut outcome = Outcome::default();
        assert!(!outcome.is_clean(), "nobody accepted it");
        outcome.count(Resolution::Acked);
        assert!(outcome.is_clean());
        let mut failed = outcome;
        failed.count(Resolution::Failed(FailedBy::Left));
        assert!(!failed.is_clean());
        outcome.count(Resolution::Rejected);
        assert!(!outcome.is_clean());
    }
}
