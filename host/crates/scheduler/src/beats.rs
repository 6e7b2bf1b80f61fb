//! What good and missed heartbeats say about this host's claims. Pure: milliseconds of a clock that never goes back
//! come as a parameter.
//!
//! A host that was silent for longer than the threshold has lost its triggers to others and does not know it
//! (docs/design/triggerer.md#liveness): shortly before, it must stop doing things outside.

use std::time::Duration;

/// The record of heartbeats.
#[derive(Debug, Clone)]
pub struct Beats {
    /// Silence after which claims may be lost, less a margin for the answer's way and clocks.
    safe: u64,
    threshold: u64,
    last_good: u64,
    /// When the last gap longer than `safe` ended.
    gap_ended: Option<u64>,
}

impl Beats {
    /// Registered at `now`, which counts as a beat. The margin is one period, at most a quarter of the threshold.
    pub fn new(threshold: Duration, period: Duration, now: u64) -> Self {
        let margin = period.min(threshold / 4);
        Self { safe: millis(threshold - margin), threshold: millis(threshold), last_good: now, gap_ended: None }
    }

    /// A beat was accepted.
    pub fn good(&mut self, now: u64) {
        if now.saturating_sub(self.last_good) > self.safe {
            self.gap_ended = Some(now);
        }
        self.last_good = self.last_good.max(now);
    }

    /// Whether the claims are still certain.
    pub fn is_safe(&self, now: u64) -> bool {
        now.saturating_sub(self.last_good) <= self.safe
    }

    /// Whether beats were good for the whole last threshold.
    pub fn were_good(&self, now: u64) -> bool {
        self.is_safe(now) && self.gap_ended.is_none_or(|ended| now.saturating_sub(ended) > self.threshold)
    }

    /// Since the last good one.
    pub fn silence(&self, now: u64) -> Duration {
        Duration::from_millis(now.saturating_sub(self.last_good))
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_gap_counts_against_the_whole_next_threshold() {
        let mut beats = Beats::new(Duration::from_secs(30), Duration::from_secs(5), 0);
        assert!(beats.is_safe(25_000) && beats.were_good(25_000));
        assert!(!beats.is_safe(25_001) && !beats.were_good(25_001));
        beats.good(60_000);
        assert!(beats.is_safe(60_001) && !beats.were_good(60_001));
        beats.good(85_000);
        beats.good(90_001);
        assert!(beats.were_good(90_001));
    }
}
