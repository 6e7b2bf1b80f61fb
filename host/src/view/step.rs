//! One step of one trigger's life, whoever saw it.

use std::time::Duration;

use trigger_host_types::step::{Finish, StepKind, Subject};
use trigger_host_types::{ClassPath, TriggerId, TriggerKind, UnixMs, log, step};

/// A step.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// By the clock that triggers see.
    pub(crate) at: UnixMs,
    /// Whose.
    pub(crate) trigger: TriggerId,
    /// What it runs; none where the API does not say.
    pub(crate) classpath: Option<ClassPath>,
    /// What happened.
    pub(crate) event: Event,
}

/// What can happen.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    /// It waits from now on.
    Deferred { kind: TriggerKind },
    /// The host runs it from now on.
    Claimed { kind: TriggerKind, resumed: bool },
    /// A call ended.
    Polled { cpu: Duration, wall: Duration, late: Duration, memory: u64, host_calls: u32, next: Option<UnixMs> },
    /// The API accepted an event.
    Fired { payload: String, key: String },
    /// It failed.
    Failed { reason: &'static str, message: String, lines: Vec<String>, again: Option<UnixMs> },
    /// The host is done with it.
    Finished { reason: &'static str },
    /// Its time was over before it fired.
    TimedOut,
    /// A person cleared or marked its task.
    Cleared,
    /// A line of the guest.
    Log(log::Line),
}

impl Event {
    /// The name, as in `--output json`.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Deferred { .. } => "deferred",
            Self::Claimed { .. } => "claimed",
            Self::Polled { .. } => "polled",
            Self::Fired { .. } => "fired",
            Self::Failed { .. } => "failed",
            Self::Finished { .. } => "finished",
            Self::TimedOut => "timed-out",
            Self::Cleared => "cleared",
            Self::Log(_) => "log",
        }
    }
}

impl Step {
    /// The step; none for what is told for the logs alone.
    pub(crate) fn of(step: &step::Step) -> Option<Self> {
        let event = match &step.what {
            StepKind::Stopped(_) | StepKind::Finished { reason: Finish::Drained } => return None,
            StepKind::Claimed { resumed, .. } => Event::Claimed { kind: step.subject.kind, resumed: *resumed },
            StepKind::Polled { cpu, wall, late, memory, host_calls, next } => Event::Polled {
                cpu: *cpu,
                wall: *wall,
                late: *late,
                memory: *memory,
                host_calls: *host_calls,
                next: *next,
            },
            StepKind::Fired { payload, key } => Event::Fired { payload: payload.clone(), key: key.to_string() },
            StepKind::Failed { reason, message, lines, again } => {
                Event::Failed { reason, message: message.clone(), lines: lines.clone(), again: *again }
            }
            StepKind::Finished { reason } => Event::Finished { reason: reason.as_str() },
        };
        let Subject { trigger, classpath, .. } = &step.subject;
        Some(Self { at: step.at, trigger: *trigger, classpath: Some(classpath.clone()), event })
    }
}
