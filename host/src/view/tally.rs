//! What came of the triggers: for the summary and for the exit code of `--until-idle`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use trigger_host_types::step::{Step, StepKind};
use trigger_host_types::{ClassPath, TriggerId};

use super::human::rounded;

/// Failures that the summary names one by one.
const NAMED: usize = 50;

/// Counts over all triggers that were seen.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    open: BTreeMap<TriggerId, Open>,
    fired: u64,
    not_fired: u64,
    named: Vec<(TriggerId, Option<ClassPath>, String)>,
    polls: u64,
    cpu: Duration,
}

/// A trigger that has not ended.
#[derive(Debug, Default)]
struct Open {
    has_fired: bool,
    /// Why it will not fire, as far as is known.
    trouble: Option<String>,
}

impl Tally {
    /// Counts one step.
    pub(super) fn count(&mut self, step: &Step) {
        match &step.what {
            StepKind::Deferred { .. } | StepKind::Claimed { .. } => {
                self.open.entry(step.trigger).or_default();
            }
            StepKind::Polled { cpu, .. } => {
                self.polls += 1;
                self.cpu += *cpu;
            }
            StepKind::Fired { .. } => self.open.entry(step.trigger).or_default().has_fired = true,
            StepKind::Failed { reason, message, .. } => self.trouble(step, format!("{reason}: {message}")),
            StepKind::TimedOut { .. } => self.trouble(step, "timed out".into()),
            StepKind::Cleared => self.trouble(step, "cleared".into()),
            StepKind::Finished { reason } => self.finish(step, reason.as_str()),
            // Not shown: see `is_shown`.
            StepKind::Stopped(_)
            | StepKind::EventStored { .. }
            | StepKind::RepetitionDropped { .. }
            | StepKind::FailureStored { .. }
            | StepKind::Deleted => {}
        }
    }

    fn trouble(&mut self, step: &Step, trouble: String) {
        self.open.entry(step.trigger).or_default().trouble = Some(trouble);
    }

    fn finish(&mut self, step: &Step, reason: &str) {
        let open = self.open.remove(&step.trigger).unwrap_or_default();
        if open.has_fired {
            self.fired += 1;
            return;
        }
        self.not_fired += 1;
        if self.named.len() < NAMED {
            let why = open.trouble.unwrap_or_else(|| reason.to_owned());
            self.named.push((step.trigger, step.classpath.clone(), why));
        }
    }

    /// Whether every trigger that was seen has fired.
    pub(crate) fn all_fired(&self) -> bool {
        self.not_fired == 0 && self.open.values().all(|open| open.has_fired)
    }

    /// The summary, without a line end.
    pub(crate) fn summary(&self) -> String {
        let open_fired = self.open.values().filter(|open| open.has_fired).count() as u64;
        let waiting = self.open.len() as u64 - open_fired;
        let mut text = format!("{} fired", self.fired + open_fired);
        if self.not_fired > 0 {
            let _ = write!(text, ", {} did not", self.not_fired);
        }
        if waiting > 0 {
            let _ = write!(text, ", {waiting} still waiting");
        }
        let each = self.cpu.checked_div(u32::try_from(self.polls).unwrap_or(u32::MAX)).unwrap_or_default();
        let _ = write!(text, "; {} polls, {} of CPU each", self.polls, rounded(each));
        for (trigger, classpath, why) in &self.named {
            let classpath = classpath.as_ref().map(|path| format!(" {path}")).unwrap_or_default();
            let _ = write!(text, "\n  trigger {trigger}{classpath}: {why}");
        }
        let left_out = self.not_fired.saturating_sub(self.named.len() as u64);
        if left_out > 0 {
            let _ = write!(text, "\n  and {left_out} more");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use trigger_host_types::step::Finish;

    use super::*;

    fn step(trigger: i64, what: StepKind) -> Step {
        Step { at: 0, trigger: TriggerId(trigger), classpath: Some("demo.T".into()), what }
    }

    fn fired() -> StepKind {
        StepKind::Fired { payload: "1".into(), key: "k".into() }
    }

    #[test]
    fn a_trigger_that_ends_without_firing_is_named() {
        let mut tally = Tally::default();
        let failed = StepKind::Failed { reason: "cpu", message: "too much".into(), lines: vec![], again: None };
        for step in [
            step(1, fired()),
            step(1, StepKind::Finished { reason: Finish::Fired }),
            step(2, failed),
            step(2, StepKind::Finished { reason: Finish::Failed }),
            step(3, StepKind::TimedOut { sequence: 1 }),
            step(3, StepKind::Finished { reason: Finish::Gone }),
            step(4, fired()),
        ] {
            tally.count(&step);
        }
        assert!(!tally.all_fired());
        insta::assert_snapshot!(tally.summary());
    }

    #[test]
    fn a_watcher_that_fired_once_counts_as_fired() {
        let mut tally = Tally::default();
        tally.count(&step(1, fired()));
        assert!(tally.all_fired());
        tally.count(&step(2, StepKind::Deferred { kind: trigger_host_types::TriggerKind::Task }));
        assert!(!tally.all_fired());
    }
}
