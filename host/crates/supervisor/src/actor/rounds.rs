//! When `load` and `cleanup` are due. Pure: instants come as parameters.
//!
//! Airflow calls both once a second. Here `load` slows down to four periods while nothing happens, and `cleanup`, which
//! is global, follows an accepted outcome within a period and otherwise runs rarely
//! (docs/design/triggerer.md#the-loop).

use std::time::Duration;

use tokio::time::Instant;

/// Every so many idle rounds the period of `load` doubles, twice.
const PATIENCE: u32 = 2;

/// The state of the two rounds.
#[derive(Debug)]
pub(crate) struct Rounds {
    load_every: Duration,
    cleanup_every: Duration,
    load_due: Instant,
    cleanup_due: Instant,
    loading: bool,
    cleaning: bool,
    idle: u32,
    failures: u32,
    /// The last answer brought nothing new and was asked for after the last reason to ask.
    settled: bool,
}

impl Rounds {
    pub(crate) fn new(load_every: Duration, cleanup_every: Duration, now: Instant) -> Self {
        Self {
            load_every,
            cleanup_every,
            load_due: now,
            cleanup_due: now + cleanup_every,
            loading: false,
            cleaning: false,
            idle: 0,
            failures: 0,
            settled: false,
        }
    }

    /// There is a reason to ask now.
    pub(crate) fn load_at_once(&mut self, now: Instant) {
        self.load_due = now;
        self.idle = 0;
        self.settled = false;
    }

    /// Whether the API has nothing new for this host.
    pub(crate) fn is_settled(&self) -> bool {
        self.settled && !self.loading
    }

    /// True once when `load` is due: it counts as running until [`Rounds::loaded`] or [`Rounds::load_failed`].
    pub(crate) fn start_load(&mut self, now: Instant) -> bool {
        let start = !self.loading && now >= self.load_due;
        if start {
            self.loading = true;
            self.settled = true;
            self.load_due = now + self.load_every;
        }
        start
    }

    /// It was answered. `new`: it brought claims, so more may be waiting (a call hands out a bounded number). `spread`:
    /// 0 to 1.
    pub(crate) fn loaded(&mut self, new: bool, spread: f64, now: Instant) {
        self.loading = false;
        self.failures = 0;
        if !self.settled {
            return; // asked for again meanwhile: due already
        }
        if new {
            self.settled = false;
            self.idle = 0;
            self.load_due = now;
            return;
        }
        let period = self.load_every * (1 << (self.idle / PATIENCE).min(2));
        self.idle = self.idle.saturating_add(1);
        self.load_due = now + period.mul_f64(0.9 + 0.2 * spread);
    }

    /// It failed: the times in a row, for the wait that [`Rounds::load_later`] is told.
    pub(crate) fn load_failed(&mut self) -> u32 {
        self.loading = false;
        self.settled = false;
        self.failures = self.failures.saturating_add(1);
        self.failures
    }

    /// Sets the next try.
    pub(crate) fn load_later(&mut self, wait: Duration, now: Instant) {
        self.load_due = now + wait;
    }

    /// An outcome was accepted, or something else happened: the next `load` is not slowed down.
    pub(crate) fn busy(&mut self) {
        self.idle = 0;
    }

    /// Rows can be cleaned up since an outcome was accepted.
    pub(crate) fn want_cleanup(&mut self, now: Instant) {
        self.cleanup_due = self.cleanup_due.min(now + self.load_every);
    }

    /// True once when `cleanup` is due.
    pub(crate) fn start_cleanup(&mut self, now: Instant) -> bool {
        let start = !self.cleaning && now >= self.cleanup_due;
        if start {
            self.cleaning = true;
            self.cleanup_due = now + self.cleanup_every;
        }
        start
    }

    /// It ended, well or not: a failed one is made up for by the next.
    pub(crate) fn cleaned(&mut self) {
        self.cleaning = false;
    }

    /// The earlier of the two.
    pub(crate) fn next(&self) -> Instant {
        let never = self.load_due.max(self.cleanup_due) + self.cleanup_every;
        let load = if self.loading { never } else { self.load_due };
        let cleanup = if self.cleaning { never } else { self.cleanup_due };
        load.min(cleanup)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounds(now: Instant) -> Rounds {
        Rounds::new(Duration::from_secs(1), Duration::from_secs(45), now)
    }

    #[test]
    fn load_slows_down_when_nothing_happens_and_hurries_when_something_does() {
        let now = Instant::now();
        let mut rounds = rounds(now);
        let mut waits = Vec::new();
        for _ in 0..6 {
            let due = rounds.next();
            assert!(rounds.start_load(due) && !rounds.start_load(due));
            rounds.loaded(false, 0.5, due);
            waits.push((rounds.next() - due).as_millis());
        }
        assert_eq!(waits, [1_000, 1_000, 2_000, 2_000, 4_000, 4_000]);
        rounds.load_at_once(now);
        assert!(rounds.start_load(now));
        rounds.loaded(true, 0.5, now);
        assert!(rounds.start_load(now), "more may be waiting");
    }

    #[test]
    fn a_reason_that_comes_while_loading_is_not_forgotten() {
        let now = Instant::now();
        let mut rounds = rounds(now);
        assert!(rounds.start_load(now));
        rounds.load_at_once(now);
        rounds.loaded(false, 0.5, now);
        assert!(!rounds.is_settled());
        assert!(rounds.start_load(now));
        rounds.loaded(false, 0.5, now);
        assert!(rounds.is_settled());
    }
}
