//! Who is being called, for whom, and when.

use crate::DateTime;
use crate::bindings::trigger_host::trigger::types as wit;

/// What one call is about.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Context {
    /// Airflow's id of the trigger.
    pub trigger_id: u64,
    /// The class path Airflow stored, which the operator mapped to this component.
    pub classpath: String,
    /// What waits for the trigger.
    pub kind: TriggerKind,
    /// The host's time when this call began. In a test it is virtual: never ask another clock.
    pub now: DateTime,
    /// The deferred task, for [`TriggerKind::Task`].
    pub task: Option<TaskInstance>,
    /// When the scheduler gives the deferral up, if it does.
    pub timeout_at: Option<DateTime>,
}

/// What waits for a trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TriggerKind {
    /// A deferred task: the first event resumes it, then the trigger ends.
    Task,
    /// An asset watcher: runs until it is taken away, may fire any number of events.
    Asset,
    /// A callback: each payload is an object with `state`, in the last event `success` or `failed`.
    Callback,
}

/// The task instance that is deferred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskInstance {
    /// Id of the Dag.
    pub dag_id: String,
    /// Id of the Dag run.
    pub run_id: String,
    /// Id of the task.
    pub task_id: String,
    /// -1 when the task is not mapped.
    pub map_index: i32,
    /// From 1.
    pub try_number: u32,
}

impl Context {
    /// A key that is the same in every poll of this trigger, also after a crash, and different for every other trigger
    /// that says the same of `about`: what an outside service needs to recognise a repeated submission. 32 hex digits.
    pub fn stable_key(&self, about: &str) -> String {
        let mut key = Fingerprint::new();
        key.add(&self.trigger_id.to_string());
        key.add(&self.classpath);
        if let Some(task) = &self.task {
            key.add(&task.dag_id);
            key.add(&task.run_id);
            key.add(&task.task_id);
            key.add(&task.map_index.to_string());
            key.add(&task.try_number.to_string());
        }
        // Row ids may be used again; two deferrals of one task seldom share a deadline too.
        key.add(&self.timeout_at.map(|at| at.to_string()).unwrap_or_default());
        key.add(about);
        format!("{:032x}", key.0)
    }
}

/// FNV-1a with 128 bits: not against an adversary, who could only make an author's own jobs collide.
struct Fingerprint(u128);

impl Fingerprint {
    const fn new() -> Self {
        Self(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d)
    }

    fn add(&mut self, text: &str) {
        // The separator keeps ("ab", "c") apart from ("a", "bc").
        for byte in text.bytes().chain([0xff]) {
            self.0 = (self.0 ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
    }
}

impl From<wit::Context> for Context {
    fn from(context: wit::Context) -> Self {
        Self {
            trigger_id: context.trigger_id,
            classpath: context.classpath,
            kind: match context.kind {
                wit::TriggerKind::Task => TriggerKind::Task,
                wit::TriggerKind::Asset => TriggerKind::Asset,
                wit::TriggerKind::Callback => TriggerKind::Callback,
            },
            now: DateTime::from_unix_ms(context.now),
            task: context.task.map(TaskInstance::from),
            timeout_at: context.timeout_at.map(DateTime::from_unix_ms),
        }
    }
}

impl From<wit::TaskInstance> for TaskInstance {
    fn from(task: wit::TaskInstance) -> Self {
        Self {
            dag_id: task.dag_id,
            run_id: task.run_id,
            task_id: task.task_id,
            map_index: task.map_index,
            try_number: task.try_number,
        }
    }
}
