//! How many raw events a subscriber asks for at once.
//!
//! Owns the present number. Invariants: it is never less than one call of a filter takes, and never more than four of
//! these; a slow filter gets little at once, so that what it emits does not wait for the rest, and a quick one gets
//! more, so that it asks the group less often.

use std::time::Duration;

/// Raw events of one call of a filter at the most.
pub const CALL: usize = 256;
/// As many as a queue holds by the safe rules.
const MOST: usize = 4 * CALL;
/// A batch that took no longer than this was quick.
const QUICK: Duration = Duration::from_millis(5);

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appetite(usize);

impl Default for Appetite {
    fn default() -> Self {
        Self(CALL)
    }
}

impl Appetite {
    /// How many to ask for.
    pub const fn most(self) -> usize {
        self.0
    }

    /// A filter looked at `events` raw events, which took `took`.
    pub fn had(&mut self, events: usize, took: Duration) {
        if took > QUICK {
            self.0 = (self.0 / 2).max(CALL);
        } else if events >= self.0 {
            self.0 = (self.0 * 2).min(MOST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_with_full_batches_that_were_quick_and_shrinks_with_slow_ones() {
        let mut appetite = Appetite::default();
        let mut after = |events, took| {
            appetite.had(events, took);
            appetite.most()
        };
        let slow = QUICK + Duration::from_nanos(1);
        assert_eq!(after(CALL - 1, Duration::ZERO), CALL, "there was no more");
        assert_eq!(after(CALL, QUICK), 2 * CALL);
        assert_eq!(after(CALL, QUICK), 2 * CALL, "there was no more");
        assert_eq!((after(2 * CALL, QUICK), after(MOST, QUICK)), (MOST, MOST));
        assert_eq!((after(1, slow), after(MOST, slow), after(MOST, slow)), (2 * CALL, CALL, CALL));
    }
}
