//! Waits that double with each failure in a row, up to a bound.
//!
//! Owns nothing but the two bounds. Invariants: pure, because the number of failures and chance are parameters; no wait
//! is ever longer than the bound, however many failures there were.

use std::time::Duration;

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    first: Duration,
    most: Duration,
}

impl Backoff {
    /// From `first`, doubling, never above `most`.
    pub const fn new(first: Duration, most: Duration) -> Self {
        Self { first, most }
    }

    /// The whole wait after `failures` failed attempts in a row (from 1), with nothing left to chance.
    pub fn full_wait(&self, failures: u32) -> Duration {
        let doubled = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
        self.first.saturating_mul(doubled).min(self.most)
    }

    /// The same wait, shortened by chance to between half and all of it, so that callers who failed together do not
    /// come back together. `random` is uniform in 0 to 1; anything else counts as the nearer of the two.
    pub fn next_wait(&self, failures: u32, random: f64) -> Duration {
        let random = if random.is_nan() { 1.0 } else { random.clamp(0.0, 1.0) };
        self.full_wait(failures).mul_f64(0.5 + random / 2.0).min(self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TO_TEN: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(10));

    #[test]
    fn waits_double_up_to_the_bound() {
        let waits: Vec<u64> = (1..=6).map(|failures| TO_TEN.full_wait(failures).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 10, 10]);
        let zero = Backoff::new(Duration::from_millis(200), Duration::ZERO);
        assert_eq!(zero.full_wait(3), Duration::ZERO, "the bound counts from the first wait on");
    }

    #[test]
    fn chance_halves_a_wait_at_most() {
        assert_eq!(TO_TEN.next_wait(3, 0.0), Duration::from_secs(2));
        assert_eq!(TO_TEN.next_wait(3, 0.5), Duration::from_secs(3));
        assert_eq!(TO_TEN.next_wait(3, 1.0), Duration::from_secs(4));
    }

    #[test]
    fn no_number_leads_out_of_the_bounds() {
        for failures in [0, 1, 31, 32, 33, u32::MAX] {
            for random in [-1.0, 0.0, 0.3, 1.0, 7.0, f64::NAN] {
                let wait = TO_TEN.next_wait(failures, random);
                assert!(wait >= Duration::from_millis(500) && wait <= Duration::from_secs(10), "{failures} {random}");
            }
        }
    }
}
