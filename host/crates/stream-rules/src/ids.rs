//! Names and moments of shared streams.
//!
//! Owns the types that keep one number from being mistaken for another. Invariant: a [`SubscriptionId`] and a
//! [`GroupId`] carry a generation that is never given out twice in a process, so a late message can never hit a newer
//! subscription or group.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use trigger_host_types::{ClassPath, TriggerId};

/// A point on a clock that never goes back, in microseconds since the clock began. The caller owns the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Moment(u64);

impl Moment {
    /// The moment `micros` microseconds after the clock began.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Microseconds since the clock began.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// How long ago `earlier` was; zero when it is not earlier.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// `wait` later; the end of time when that does not fit.
    pub fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(wait.as_micros()).unwrap_or(u64::MAX)))
    }
}

/// One raw event of one group, from 0, in the order the source gave them (`A1`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct EventId(pub u64);

impl EventId {
    /// The one after this.
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// One trigger event whose storage gates an advance (`B1`): unique in the process, growing, with gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seq(pub u64);

/// The one counter of the process behind [`Seq`] (`B1`). Cheap to clone; all clones draw from the same counter.
#[derive(Debug, Clone, Default)]
pub struct Sequence(Arc<AtomicU64>);

impl Sequence {
    /// The next number.
    pub fn draw(&self) -> Seq {
        self.draw_many(1)
    }

    /// The first of the next `count` numbers, which nobody else is given.
    pub(crate) fn draw_many(&self, count: u64) -> Seq {
        Seq(self.0.fetch_add(count, Ordering::Relaxed))
    }
}

/// One life of one group: a number of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub u64);

/// One life of one trigger in one group (`G4`, `K4`). Useless in any other group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SubscriptionId {
    pub(crate) trigger: TriggerId,
    pub(crate) slot: u32,
    pub(crate) generation: u64,
}

impl SubscriptionId {
    /// The trigger that subscribed.
    pub const fn trigger(&self) -> TriggerId {
        self.trigger
    }
}

impl fmt::Display for SubscriptionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.trigger, self.generation)
    }
}

/// One call of advance, repeated under the same number when it is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchId(pub u64);

/// Where a raw event queues for its advance (`N1`). Equal bytes are one lane; the default is one lane for all.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Lane(pub Bytes);

/// What makes triggers share one reader (`G1`). Equality is equality of values.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamKey {
    class: Option<ClassPath>,
    key: Arc<str>,
}

impl StreamKey {
    /// A key of the trigger's own class: triggers of two classes never share a reader, whatever their keys say.
    pub fn of_class(class: ClassPath, key: impl Into<Arc<str>>) -> Self {
        Self { class: Some(class), key: key.into() }
    }

    /// A key that is global across classes, as in Airflow (`WK14`).
    pub fn global(key: impl Into<Arc<str>>) -> Self {
        Self { class: None, key: key.into() }
    }

    /// The class it is a key of; None for a global one.
    pub fn class(&self) -> Option<&ClassPath> {
        self.class.as_ref()
    }

    /// The text of the key, without the class.
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl fmt::Display for StreamKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.class {
            Some(class) => write!(f, "{class} {}", self.key),
            None => f.write_str(&self.key),
        }
    }
}
