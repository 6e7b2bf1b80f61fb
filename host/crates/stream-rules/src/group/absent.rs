//! Waiting for triggers that left and may return.
//!
//! Owns who they are, and what was read while they were away. Invariant: where a verdict binds, nothing is read and
//! nothing is fanned out while one of them is absent and its grace has not passed. Otherwise a trigger that is being
//! set up again would not be asked about what came in the meantime, and its siblings' verdicts alone would settle it. A
//! trigger that has failed is not waited for, at its siblings' expense.

use std::collections::HashMap;

use trigger_host_types::TriggerId;

use super::Group;
use crate::effect::{PollEnd, Raw};
use crate::ids::Moment;
use crate::policy::Binding;
use crate::timers::Timer;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Absent {
    /// Who is waited for, and until when.
    until: HashMap<TriggerId, Moment>,
    timed: bool,
    /// What the read that was under way gave, and how it ended.
    read: Option<(Vec<Raw>, Option<PollEnd>)>,
}

impl Absent {
    /// Whether the group waits for somebody.
    pub(super) fn is_waited_for(&self) -> bool {
        !self.until.is_empty()
    }

    /// Puts aside what was read. No other read begins meanwhile, so there is nothing to add it to but the end of the
    /// same one.
    pub(super) fn put_aside(&mut self, events: Vec<Raw>, end: Option<PollEnd>) {
        let (all, ended) = self.read.get_or_insert_default();
        all.extend(events);
        *ended = ended.take().or(end);
    }

    /// What was put aside, once nobody is waited for.
    pub(super) fn take_read(&mut self) -> Option<(Vec<Raw>, Option<PollEnd>)> {
        if self.is_waited_for() { None } else { self.read.take() }
    }

    /// This trigger is back, or will not come.
    pub(super) fn no_longer(&mut self, trigger: TriggerId) {
        self.until.remove(&trigger);
    }
}

impl Group {
    /// A trigger left, and may return.
    pub(super) fn wait_for(&mut self, trigger: TriggerId, now: Moment) {
        if self.policy.binding == Binding::Verdict && !self.policy.grace.is_zero() {
            self.absent.until.insert(trigger, now.after(self.policy.grace));
            self.watch_absent();
        }
    }

    /// The grace of one of them may have passed.
    pub(super) fn absent_overdue(&mut self, now: Moment) {
        self.absent.timed = false;
        self.absent.until.retain(|_, until| *until > now);
        self.watch_absent();
    }

    fn watch_absent(&mut self) {
        if let (false, Some(first)) = (self.absent.timed, self.absent.until.values().min()) {
            self.absent.timed = true;
            self.timers.set(*first, Timer::Absent);
        }
    }
}
