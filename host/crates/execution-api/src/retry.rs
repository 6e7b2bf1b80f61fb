//! What a failed call means for the one who made it: docs/design/triggerer.md#errors as a function, and the waits
//! between attempts. Pure: time and chance are parameters.

use std::time::Duration;

use crate::error::Fault;

/// What kind of call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Call {
    /// `POST jobs`.
    Register,
    /// `POST jobs/{id}/heartbeat`.
    Heartbeat,
    /// `POST jobs/{id}/complete`.
    Complete,
    /// `POST triggers/load`.
    Load,
    /// `POST triggers/workloads`.
    Workloads,
    /// `POST triggers/{id}/event`.
    Event,
    /// `POST triggers/{id}/failure`.
    Failure,
    /// `PUT triggers/{id}/checkpoint`.
    Checkpoint,
    /// `POST triggers/cleanup`.
    Cleanup,
}

/// What to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The same again after a wait of [`Backoff::CALL`] (of [`Backoff::REGISTER`] for registering).
    Retry,
    /// Report unhealthy, keep the triggers running and try again with [`Backoff::SLOW`]. A person has to act.
    RetrySlowly,
    /// Ask for the workloads in two halves. A batch of one that still fails is left out until [`Backoff::SLOW`] has passed.
    Halve,
    /// The claims are gone: stop all, register anew, start from load.
    RegisterAnew,
    /// Give up loudly; only at the start, when nothing runs yet.
    Fatal,
    /// Put this one event or failure aside: a task's trigger fails instead, an asset's event is dropped and counted as failed.
    Park,
    /// The request can never succeed: this trigger fails, all others go on.
    FailTrigger,
    /// The trigger is another's by now, or gone: stop it, without telling anybody.
    Lost,
    /// Nothing is left to do.
    Done,
}

/// How often an event or failure that the server answers with 500 is sent before it is parked: about five minutes with
/// [`Backoff::EVENT`].
pub const EVENT_ATTEMPTS: u32 = 8;

/// The next step after `call` failed with `fault`.
///
/// `attempts` counts the failed attempts of this very request, this one included. `registered`: a Job was registered before, so
/// triggers may be running and nothing is fatal any more.
pub const fn next_step(call: Call, fault: Fault, attempts: u32, registered: bool) -> Step {
    match (fault, call) {
        (Fault::Transport | Fault::Busy, _) => Step::Retry,
        (Fault::Server, Call::Workloads) => Step::Halve,
        (Fault::Server, Call::Event | Call::Failure) if attempts >= EVENT_ATTEMPTS => Step::Park,
        (Fault::Server, _) => Step::Retry,
        (Fault::Auth | Fault::Rejected, Call::Register) if !registered => Step::Fatal,
        (Fault::NoApi, _) if !registered => Step::Fatal,
        (Fault::Auth | Fault::NoApi, _) => Step::RetrySlowly,
        (Fault::JobGone | Fault::NotFound, Call::Complete) => Step::Done,
        (Fault::JobGone, _) | (Fault::NotFound, Call::Heartbeat | Call::Load) => Step::RegisterAnew,
        (Fault::NotFound | Fault::Rejected, Call::Checkpoint) => Step::Lost,
        (Fault::NotFound, Call::Event | Call::Failure) => Step::Lost,
        (Fault::Rejected, Call::Event) => Step::FailTrigger,
        (Fault::Rejected, Call::Failure) => Step::Park,
        (Fault::Rejected, Call::Workloads) => Step::Halve,
        (Fault::NotFound | Fault::Rejected, _) => Step::RetrySlowly,
    }
}

/// Waits that double up to a bound, each shortened by chance to between half and all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    first: Duration,
    most: Duration,
}

impl Backoff {
    /// Registering: 1 s to 10 s. Airflow gives up after 300 s.
    pub const REGISTER: Self = Self::new(Duration::from_secs(1), Duration::from_secs(10));
    /// Ordinary calls: 1 s to 30 s.
    pub const CALL: Self = Self::new(Duration::from_secs(1), Duration::from_secs(30));
    /// One event or failure: 2 s to 128 s, so that [`EVENT_ATTEMPTS`] take up to about four minutes.
    pub const EVENT: Self = Self::new(Duration::from_secs(2), Duration::from_secs(128));
    /// What only a person can mend: 10 s to 60 s.
    pub const SLOW: Self = Self::new(Duration::from_secs(10), Duration::from_secs(60));
    /// Starting a failed asset watcher again: 1 s to 5 min.
    pub const WATCHER: Self = Self::new(Duration::from_secs(1), Duration::from_secs(300));

    /// From `first`, doubling, never above `most`.
    pub const fn new(first: Duration, most: Duration) -> Self {
        Self { first, most }
    }

    /// The wait after `failures` failed attempts in a row (from 1). `random` is uniform in 0 to 1; anything else counts as the nearer
    /// of the two.
    pub fn next_wait(&self, failures: u32, random: f64) -> Duration {
        let doubled = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
        let full = self.first.saturating_mul(doubled).min(self.most);
        let random = if random.is_nan() { 1.0 } else { random.clamp(0.0, 1.0) };
        full.mul_f64(0.5 + random / 2.0).min(self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALLS: [Call; 9] = [
        Call::Register,
        Call::Heartbeat,
        Call::Complete,
        Call::Load,
        Call::Workloads,
        Call::Event,
        Call::Failure,
        Call::Checkpoint,
        Call::Cleanup,
    ];
    const FAULTS: [Fault; 8] = [
        Fault::Transport,
        Fault::Busy,
        Fault::Server,
        Fault::Auth,
        Fault::JobGone,
        Fault::NoApi,
        Fault::NotFound,
        Fault::Rejected,
    ];

    #[test]
    fn follows_the_retry_table() {
        let running = |call, fault| next_step(call, fault, 1, true);
        for call in CALLS {
            for fault in [Fault::Transport, Fault::Busy] {
                assert_eq!(running(call, fault), Step::Retry, "{call:?} {fault:?}");
            }
            assert_eq!(running(call, Fault::Auth), Step::RetrySlowly, "{call:?}");
            assert_eq!(running(call, Fault::NoApi), Step::RetrySlowly, "{call:?}");
        }
        assert_eq!(running(Call::Load, Fault::Server), Step::Retry);
        assert_eq!(running(Call::Workloads, Fault::Server), Step::Halve);
        assert_eq!(running(Call::Heartbeat, Fault::JobGone), Step::RegisterAnew);
        assert_eq!(running(Call::Load, Fault::JobGone), Step::RegisterAnew);
        assert_eq!(running(Call::Complete, Fault::JobGone), Step::Done);
        assert_eq!(running(Call::Event, Fault::Rejected), Step::FailTrigger);
        assert_eq!(running(Call::Load, Fault::Rejected), Step::RetrySlowly);
    }

    #[test]
    fn an_event_is_parked_only_after_the_last_attempt() {
        assert_eq!(next_step(Call::Event, Fault::Server, EVENT_ATTEMPTS - 1, true), Step::Retry);
        assert_eq!(next_step(Call::Event, Fault::Server, EVENT_ATTEMPTS, true), Step::Park);
        assert_eq!(next_step(Call::Event, Fault::Transport, 1_000, true), Step::Retry, "no outage loses an event");
    }

    #[test]
    fn only_a_start_can_be_fatal() {
        for call in CALLS {
            for fault in FAULTS {
                assert_ne!(next_step(call, fault, 1, true), Step::Fatal, "{call:?} {fault:?}");
            }
        }
        for fault in [Fault::NoApi, Fault::Auth, Fault::Rejected] {
            assert_eq!(next_step(Call::Register, fault, 1, false), Step::Fatal, "{fault:?}");
        }
    }

    #[test]
    fn waits_double_and_stay_within_bounds() {
        let waits: Vec<u64> = (1..=6).map(|failures| Backoff::REGISTER.next_wait(failures, 1.0).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 10, 10]);
        assert_eq!(Backoff::REGISTER.next_wait(1, 0.0), Duration::from_millis(500));
        for failures in [0, 1, 31, 32, 33, u32::MAX] {
            for random in [-1.0, 0.0, 0.3, 1.0, 7.0, f64::NAN] {
                let wait = Backoff::CALL.next_wait(failures, random);
                assert!(wait >= Duration::from_millis(500) && wait <= Duration::from_secs(30), "{failures} {random}");
            }
        }
    }
}
