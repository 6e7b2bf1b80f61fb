//! The jobs, as a pure state machine: time is a parameter.
//!
//! Invariant: a submission key names one job for ever.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use trigger_host_types::UnixMs;

/// When a job ends: not before it was looked at `polls` times and ran for `millis`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Plan {
    /// Looks that still see it running.
    pub polls: u32,
    /// Milliseconds it runs.
    pub millis: u64,
    /// Whether it fails in the end.
    pub fail: bool,
}

/// Where a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Not ended.
    Running,
    /// Succeeded.
    Done,
    /// Failed.
    Failed,
    /// Cancelled from outside.
    Cancelled,
}

/// A job as the service shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// `j1`, `j2`, …
    pub id: String,
    /// Where it is.
    pub state: State,
}

/// What came of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    /// The job.
    pub job: Job,
    /// The key was seen before: nothing was started.
    pub repeated: bool,
}

/// Counts since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Stats {
    /// Jobs started.
    pub started: u64,
    /// Submissions that named a job already started.
    pub repeated: u64,
    /// Looks at jobs.
    pub looks: u64,
    /// Jobs that were seen to have succeeded.
    pub done: u64,
    /// Jobs that were seen to have failed.
    pub failed: u64,
    /// Jobs cancelled.
    pub cancelled: u64,
}

/// All jobs.
#[derive(Debug, Default)]
pub struct Jobs {
    jobs: HashMap<String, Entry>,
    by_key: HashMap<String, String>,
    stats: Stats,
}

#[derive(Debug)]
struct Entry {
    plan: Plan,
    started: UnixMs,
    looks: u32,
    state: State,
}

impl Jobs {
    /// Starts a job, or finds the one that this key started.
    pub fn submit(&mut self, key: Option<&str>, plan: Plan, now: UnixMs) -> Submitted {
        if let Some(id) = key.and_then(|key| self.by_key.get(key)) {
            self.stats.repeated += 1;
            let state = self.jobs.get(id).map_or(State::Running, |entry| entry.state);
            return Submitted { job: Job { id: id.clone(), state }, repeated: true };
        }
        self.stats.started += 1;
        let id = format!("j{}", self.stats.started);
        self.jobs.insert(id.clone(), Entry { plan, started: now, looks: 0, state: State::Running });
        if let Some(key) = key {
            self.by_key.insert(key.to_owned(), id.clone());
        }
        Submitted { job: Job { id, state: State::Running }, repeated: false }
    }

    /// Looks at a job, which may end it.
    pub fn look(&mut self, id: &str, now: UnixMs) -> Option<Job> {
        let entry = self.jobs.get_mut(id)?;
        self.stats.looks += 1;
        let ran = now.saturating_sub(entry.started);
        if entry.state == State::Running && entry.looks >= entry.plan.polls && ran >= entry.plan.millis {
            let (state, count) = if entry.plan.fail {
                (State::Failed, &mut self.stats.failed)
            } else {
                (State::Done, &mut self.stats.done)
            };
            entry.state = state;
            *count += 1;
        }
        entry.looks = entry.looks.saturating_add(1);
        Some(Job { id: id.to_owned(), state: entry.state })
    }

    /// Cancels a job. None: there is no such job; otherwise where it was before.
    pub fn cancel(&mut self, id: &str) -> Option<State> {
        let entry = self.jobs.get_mut(id)?;
        let before = entry.state;
        if before == State::Running {
            entry.state = State::Cancelled;
            self.stats.cancelled += 1;
        }
        Some(before)
    }

    /// Counts since the start.
    pub const fn stats(&self) -> Stats {
        self.stats
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_one_job() {
        let mut jobs = Jobs::default();
        let first = jobs.submit(Some("k"), Plan::default(), 0);
        let again = jobs.submit(Some("k"), Plan::default(), 5);
        assert_eq!((first.repeated, again.repeated), (false, true));
        assert_eq!(first.job.id, again.job.id);
        assert_ne!(jobs.submit(None, Plan::default(), 0).job.id, jobs.submit(None, Plan::default(), 0).job.id);
        assert_eq!(jobs.stats(), Stats { started: 3, repeated: 1, ..Stats::default() });
    }

    #[test]
    fn a_job_ends_after_its_polls_and_its_time() {
        let mut jobs = Jobs::default();
        let plan = Plan { polls: 2, millis: 100, fail: false };
        let id = jobs.submit(None, plan, 1_000).job.id;
        let mut states = |now| jobs.look(&id, now).unwrap().state;
        assert_eq!([states(1_500), states(1_500), states(1_500)], [State::Running, State::Running, State::Done]);
        let id = jobs.submit(None, Plan { fail: true, ..plan }, 1_000).job.id;
        let mut states = |now| jobs.look(&id, now).unwrap().state;
        let seen = [states(1_000), states(1_000), states(1_099), states(1_100), states(1_100)];
        assert_eq!(seen, [State::Running, State::Running, State::Running, State::Failed, State::Failed]);
        assert_eq!(jobs.look("j9", 0), None);
    }

    #[test]
    fn only_a_running_job_is_cancelled() {
        let mut jobs = Jobs::default();
        let id = jobs.submit(None, Plan::default(), 0).job.id;
        assert_eq!(jobs.cancel(&id), Some(State::Running));
        assert_eq!(jobs.cancel(&id), Some(State::Cancelled));
        assert_eq!(jobs.look(&id, 0).unwrap().state, State::Cancelled);
        assert_eq!((jobs.cancel("j9"), jobs.stats().cancelled), (None, 1));
    }
}
