//! What a failed call means for the one who made it: docs/design/triggerer.md#errors as a function, and the waits
//! between attempts. Pure: time and chance are parameters.

use std::time::Duration;

use trigger_host_types::Backoff;

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
    /// The same again after a wait of [`CALL_WAITS`] (of [`REGISTER_WAITS`] for registering).
    Retry,
    /// Report unhealthy, keep the triggers running and try again with [`SLOW_WAITS`]. A person has to act.
    RetrySlowly,
    /// Ask for the workloads in two halves. A batch of one that still fails is left out until [`SLOW_WAITS`] has
    /// passed.
    Halve,
    /// The claims are gone: stop all, register anew, start from load.
    RegisterAnew,
    /// Give up loudly; only at the start, when nothing runs yet.
    Fatal,
    /// Put this one event or failure aside: a task's trigger fails instead, an asset's event is dropped and counted as
    /// failed.
    Park,
    /// The request can never succeed: this trigger fails, all others go on.
    FailTrigger,
    /// The trigger is another's by now, or gone: stop it, without telling anybody.
    Lost,
    /// Nothing is left to do.
    Done,
}

/// How often an event or failure that the server answers with 500 is sent before it is parked: about five minutes with
/// [`EVENT_WAITS`].
pub const EVENT_ATTEMPTS: u32 = 8;

/// The next step after `call` failed with `fault`.
///
/// `attempts` counts the failed attempts of this very request, this one included. `registered`: a Job was registered
/// before, so triggers may be running and nothing is fatal any more.
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

/// Waits between attempts to register: 1 s to 10 s. Airflow gives up after 300 s.
pub const REGISTER_WAITS: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(10));
/// Waits between ordinary calls: 1 s to 30 s.
pub const CALL_WAITS: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(30));
/// Waits before one event or failure is sent again: 2 s to 128 s, so that [`EVENT_ATTEMPTS`] last up to about four
/// minutes.
pub const EVENT_WAITS: Backoff = Backoff::new(Duration::from_secs(2), Duration::from_secs(128));
/// Waits for what only a person can mend: 10 s to 60 s.
pub const SLOW_WAITS: Backoff = Backoff::new(Duration::from_secs(10), Duration::from_secs(60));

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
}
