//! `[sources.NAME.rules]`: a profile, and single rules of it that are changed.

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use settings::document::{Fields, Value, Wanted};
use stream_rules::{OnFailed, Policy, QueueFull};

use super::limits::AboveZero;

/// What becomes of a raw event for a subscriber whose queue is full.
const QUEUE_FULL: [(&str, QueueFull); 3] =
    [("block", QueueFull::Block), ("fail", QueueFull::Fail), ("drop-oldest", QueueFull::DropOldest)];
/// What becomes of a lane whose next raw event was failed: it is read again, so often in a row without progress before
/// the lane goes on.
const REWIND: OnFailed = OnFailed::Rewind { attempts: 3 };
/// More raw events than these would not fit into memory.
const MOST_QUEUED: usize = 100_000;
const MOST_OUTSTANDING: usize = 1_000_000;
const MOST_IN_FLIGHT: usize = 1_000;

/// How the streams of a source are handed out and acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Rules {
    /// For each of its groups.
    pub(crate) policy: Policy,
    /// Whether equal keys are one stream also when the triggers are of different classes.
    pub(crate) is_shared_across_classes: bool,
}

/// Reads the rules; what is not written is as the profile has it. `goes_back`: whether the source can be read again
/// from a raw event on.
pub(super) fn read(mut fields: Fields<'_, '_>, goes_back: bool) -> Rules {
    let is_airflows = fields.choose("profile", &[("safe", false), ("airflow", true)]).unwrap_or(false);
    let mut policy = if is_airflows { Policy::airflow() } else { Policy::safe() };
    let rules = &mut policy;
    set(&mut rules.queue, count(&mut fields, "queue", MOST_QUEUED));
    set(&mut rules.queue_full, fields.choose("queue-full", &QUEUE_FULL));
    let choices = [("pass", OnFailed::Pass), ("hold", Policy::safe().on_failed), ("rewind", REWIND)];
    let on_failed = fields.choose("on-failed", &choices);
    if on_failed == Some(REWIND) && !goes_back {
        let line = fields.line_of("on-failed");
        fields.report(
            line,
            "on-failed",
            "this kind of source cannot be read again from an earlier point: use \"pass\" or \"hold\"",
        );
    }
    set(&mut rules.on_failed, on_failed);
    set(&mut rules.ack_timeout, fields.take::<AboveZero<Duration>>("acknowledge-within").map(|within| within.0));
    set(&mut rules.advance.retries, fields.take::<Retries>("advance-retries").map(|retries| retries.0));
    set(&mut rules.advance.max_in_flight, count(&mut fields, "max-in-flight", MOST_IN_FLIGHT));
    if let Some(most) = count(&mut fields, "max-outstanding", MOST_OUTSTANDING) {
        rules.max_outstanding = Some(most);
    }
    set(&mut rules.grace, fields.take("grace"));
    set(&mut rules.linger, fields.take("linger"));
    fields.finish();
    Rules { policy, is_shared_across_classes: is_airflows }
}

fn set<T>(rule: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *rule = value;
    }
}

fn count(fields: &mut Fields<'_, '_>, name: &'static str, most: usize) -> Option<usize> {
    let count = fields.take::<NonZeroUsize>(name)?.get();
    if count > most {
        let line = fields.line_of(name);
        fields.report(line, name, format!("expected a whole number from 1 to {most}, found the number {count}"));
        return None;
    }
    Some(count)
}

/// Repetitions beyond the first call.
struct Retries(u32);

impl Wanted for Retries {
    const EXPECTED: &'static str = "a whole number from 0 to 1000";

    fn from_value(value: &Value) -> Option<Self> {
        if *value == Value::Integer(0) {
            return Some(Self(0));
        }
        NonZeroU32::from_value(value).filter(|count| count.get() <= 1_000).map(|count| Self(count.get()))
    }
}
