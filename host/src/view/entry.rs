//! What the writer is given: a step that is shown, or a line of a guest.

use trigger_host_types::step::{Finish, Step, StepKind, Subject};
use trigger_host_types::{UnixMs, log};

/// One line of the view.
#[derive(Debug)]
pub(super) enum Entry {
    /// A step in a trigger's life.
    Step(Step),
    /// A line that a guest wrote.
    Log { at: UnixMs, subject: Subject, line: log::Line },
}

/// Whether this kind of step is shown. The others are for logs and tests: what the API stored is shown as `fired` or
/// `failed` when the host reports it, and a person who ends the host sees that its triggers stop.
pub(crate) const fn is_shown(what: &StepKind) -> bool {
    match what {
        StepKind::Deferred { .. }
        | StepKind::Claimed { .. }
        | StepKind::Polled { .. }
        | StepKind::Fired { .. }
        | StepKind::Failed { .. }
        | StepKind::TimedOut { .. }
        | StepKind::Cleared => true,
        StepKind::Finished { reason } => !matches!(reason, Finish::Drained),
        StepKind::Stopped(_)
        | StepKind::EventStored { .. }
        | StepKind::RepetitionDropped { .. }
        | StepKind::FailureStored { .. }
        | StepKind::Deleted => false,
    }
}

#[cfg(test)]
mod tests {
    use trigger_host_types::step::Effect;

    use super::*;

    #[test]
    fn an_event_is_shown_once_and_a_drain_not_at_all() {
        let stored = StepKind::EventStored { sequence: 1, payload: "1".into(), effect: Effect::Resumed };
        assert!(!is_shown(&stored));
        assert!(is_shown(&StepKind::Fired { payload: "1".into(), key: "k".into() }));
        assert!(is_shown(&StepKind::Finished { reason: Finish::Fired }));
        assert!(!is_shown(&StepKind::Finished { reason: Finish::Drained }));
    }
}
