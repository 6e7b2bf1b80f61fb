//! When the user's wish may be assumed: the rule of docs/design/triggerer.md#cancelling.
//!
//! A trigger leaves `load` for many reasons and the wire gives none. `on-kill` may cancel an external job, so it is
//! called only when every other reason can be excluded as far as this host can know.

use trigger_host_types::{TriggerKind, UnixMs};

/// What is known of a trigger that is no longer listed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vanished {
    /// What waited for it.
    pub kind: TriggerKind,
    /// When the scheduler would have given it up.
    pub timeout_at: Option<UnixMs>,
    /// Whether an event was, or may have been, accepted for it.
    pub fired: bool,
    /// Whether this host's heartbeats were good for the whole last threshold.
    pub heartbeats_good: bool,
}

impl Vanished {
    /// Whether `on-kill` may be called at `now`.
    pub(crate) fn was_killed(&self, now: UnixMs) -> bool {
        self.kind == TriggerKind::Task
            && self.timeout_at.is_none_or(|timeout| now < timeout)
            && !self.fired
            && self.heartbeats_good
    }

    /// Whether it is nobody's any more: not another host's, as may be when heartbeats were missed, and not a callback
    /// that was swapped away.
    pub(crate) fn is_over(&self) -> bool {
        self.heartbeats_good && self.kind != TriggerKind::Callback
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_other_reason_excludes_it() {
        let killed = Vanished { kind: TriggerKind::Task, timeout_at: Some(100), fired: false, heartbeats_good: true };
        assert!(killed.was_killed(99));
        assert!(Vanished { timeout_at: None, ..killed }.was_killed(1_000));
        assert!(!killed.was_killed(100), "timed out");
        assert!(!Vanished { kind: TriggerKind::Asset, ..killed }.was_killed(99), "no task");
        assert!(!Vanished { fired: true, ..killed }.was_killed(99), "fired");
        assert!(!Vanished { heartbeats_good: false, ..killed }.was_killed(99), "re-assigned, perhaps");
        assert!(Vanished { kind: TriggerKind::Asset, ..killed }.is_over());
        assert!(!Vanished { kind: TriggerKind::Callback, ..killed }.is_over(), "swapped away, perhaps");
        assert!(!Vanished { heartbeats_good: false, ..killed }.is_over());
    }
}
