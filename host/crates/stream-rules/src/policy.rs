//! Every difference between Airflow's rules and ours, each as a named policy, and the two profiles made of them.
//!
//! Owns no behaviour. Invariant: the state machine never asks which profile it runs under, only what a policy says.

use std::num::NonZeroUsize;
use std::time::Duration;

use trigger_host_types::Backoff;

/// Whether a stream is acknowledged (`G6`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// No entries, windows, outcomes, timeouts or advances (`F1`).
    Fast,
    /// The producer learns how each raw event ended.
    Ack,
}

/// What happens when a subscriber has [`Policy::queue`] raw events waiting and one more arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueFull {
    /// The source is not read until the slowest live subscriber has taken some. A burst fails nobody.
    Block,
    /// The subscriber fails (`Q3`).
    Fail,
    /// Its oldest raw event is dropped and counted. Only for streams without acknowledgement; with it, the same as
    /// `Block`.
    DropOldest,
}

/// Whom an outstanding event waits for when a trigger leaves and joins again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// The trigger id, whichever subscription (`K4`).
    Trigger,
    /// The subscription: an old one can never hit a new one.
    Subscription,
}

/// What ties a trigger event to raw events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// The window between two pulls (`W1`-`W5`); leaving closes it as processed (`U2`, `U4`).
    Window,
    /// The verdict on the raw event; a call without a verdict never acknowledges anything.
    Verdict,
}

/// When the acknowledgement of a raw event is overdue (`K1`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AckClock {
    /// So long after the raw event was read, also when nobody has been given it yet.
    Broadcast,
    /// So long after it was handed to the subscriber; and, whoever has it, this long after it was read.
    HandOver {
        /// The longer bound, from the reading.
        since_read: Duration,
    },
}

/// What a lane does when its next raw event was failed by a subscriber (`P2`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailed {
    /// Advances past it; the producer sees the counts.
    Pass,
    /// Stops the lane and offers the event again to those who failed it, then passes.
    Hold {
        /// Offers beyond the first.
        attempts: u32,
        /// Wait before each offer.
        wait: Duration,
        /// Passes so long after the failure, when those who failed it have not come back.
        at_most: Duration,
    },
    /// Asks the producer to read the lane again from the failed event.
    Rewind {
        /// Rewinds in a row without progress, before it passes.
        attempts: u32,
    },
}

/// How batches of one lane are acknowledged at the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdvancePolicy {
    /// Calls beyond the first for one batch, before the group ends (`P7`).
    pub retries: u32,
    /// Waits before the repetitions.
    pub waits: Backoff,
    /// A call that takes longer counts as failed and is repeated. None: no limit.
    pub deadline: Option<Duration>,
    /// Lanes that advance at the same time (`P4`); for a producer that gathers, calls. One call per lane at any time.
    pub max_in_flight: usize,
    /// Items in one batch (`P3`).
    pub max_batch: usize,
}

/// The rules one group runs under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Raw events that may wait for one subscriber (`Q1`).
    pub queue: usize,
    /// What happens beyond that.
    pub queue_full: QueueFull,
    /// Whom an event waits for.
    pub identity: Identity,
    /// What ties trigger events to raw events.
    pub binding: Binding,
    /// How long an acknowledgement may take (`K1`).
    pub ack_timeout: Duration,
    /// From when on that is counted.
    pub ack_clock: AckClock,
    /// What a failed event does to its lane.
    pub on_failed: OnFailed,
    /// How batches are acknowledged.
    pub advance: AdvancePolicy,
    /// The source is not read while this many raw events are outstanding (`A2`). None: no bound.
    pub max_outstanding: Option<usize>,
    /// Whether the source is read while no live subscriber exists (`S2`).
    pub read_for_nobody: bool,
    /// Whether a group without subscribers stays, unread, until what it owes is stored (`L2`).
    pub linger: bool,
    /// Wait before the first read (`D1`); and, where a verdict binds, as long at most for each who left and may come
    /// back.
    pub grace: Duration,
    /// Whether the grace ends early when every expected trigger has joined.
    pub grace_ends_with_cohort: bool,
    /// How long draining may take (`P6`, `X4`). None: no limit.
    pub drain: Option<Duration>,
}

impl Policy {
    /// Airflow 3.3.2, rule for rule.
    pub const fn airflow() -> Self {
        Self {
            queue: 1_024,
            queue_full: QueueFull::Fail,
            identity: Identity::Trigger,
            binding: Binding::Window,
            ack_timeout: Duration::from_secs(300),
            ack_clock: AckClock::Broadcast,
            on_failed: OnFailed::Pass,
            advance: AdvancePolicy {
                retries: 0,
                waits: Backoff::new(Duration::ZERO, Duration::ZERO),
                deadline: None,
                max_in_flight: 1,
                max_batch: usize::MAX,
            },
            max_outstanding: None,
            read_for_nobody: true,
            linger: false,
            grace: Duration::ZERO,
            grace_ends_with_cohort: false,
            drain: None,
        }
    }

    /// The default: repairs Airflow's weaknesses (docs/design/shared-streams.md#weaknesses).
    pub const fn safe() -> Self {
        Self {
            queue: 1_024,
            queue_full: QueueFull::Block,
            identity: Identity::Subscription,
            binding: Binding::Verdict,
            ack_timeout: Duration::from_secs(300),
            ack_clock: AckClock::HandOver { since_read: Duration::from_secs(3_600) },
            on_failed: OnFailed::Hold { attempts: 2, wait: Duration::from_secs(5), at_most: Duration::from_secs(60) },
            advance: AdvancePolicy {
                retries: 8,
                waits: Backoff::new(Duration::from_millis(200), Duration::from_secs(30)),
                deadline: Some(Duration::from_secs(30)),
                max_in_flight: 8,
                max_batch: 1_000,
            },
            max_outstanding: Some(50_000),
            read_for_nobody: false,
            linger: true,
            grace: Duration::from_secs(10),
            grace_ends_with_cohort: true,
            drain: Some(Duration::from_secs(30)),
        }
    }
}

impl Policy {
    /// The same rules for a producer whose calls each take this many lanes (`P4`).
    pub fn gathering(mut self, lanes: NonZeroUsize) -> Self {
        self.advance.max_in_flight = self.advance.max_in_flight.max(1).saturating_mul(lanes.get());
        self
    }

    /// The same without the zeros that would mean standing still.
    pub(crate) fn without_zeros(mut self) -> Self {
        self.queue = self.queue.max(1);
        self.max_outstanding = self.max_outstanding.map(|most| most.max(1));
        self.advance.max_in_flight = self.advance.max_in_flight.max(1);
        self.advance.max_batch = self.advance.max_batch.max(1);
        self
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::safe()
    }
}
