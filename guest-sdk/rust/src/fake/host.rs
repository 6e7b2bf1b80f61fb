//! Runs a trigger as the host does: poll, fire, store the checkpoint, wait, in this order.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;

use serde_json::Value;

use super::script::ScriptedWorld;
use super::{Airflow, FiredEvent, Run, Script};
use crate::bindings::trigger_host::trigger::types as wit;
use crate::platform::with_world;
use crate::{DateTime, Duration, Error, EventKind, Result, TaskInstance, Trigger, TriggerKind, run};

/// When a fake host's time begins.
const START: &str = "2026-01-01T00:00:00Z";
/// A trigger that polls more often than this in one run is taken for an endless loop.
const MOST_POLLS: u32 = 10_000;
/// The host refuses larger texts.
const MOST_BYTES: usize = 1 << 20;

/// A host for one trigger `T`.
#[derive(Debug)]
pub struct FakeHost<T> {
    kwargs: String,
    context: wit::Context,
    world: Rc<RefCell<ScriptedWorld>>,
    checkpoint: Option<String>,
    due: DateTime,
    restarts: Vec<DateTime>,
    crashes: Vec<u32>,
    polls: u32,
    trigger: PhantomData<T>,
}

/// What one poll left to do.
enum Step {
    Wait(DateTime),
    Finished,
    Crashed,
}

impl<T: Trigger> FakeHost<T> {
    /// A host for a trigger with these kwargs, at 2026-01-01T00:00:00Z, for a task.
    pub fn new(kwargs: Value) -> Self {
        let now = moment(START);
        let context = test_context(TriggerKind::Task);
        let own = context.task.clone().map(TaskInstance::from);
        Self {
            kwargs: kwargs.to_string(),
            context,
            world: ScriptedWorld::at_the_start(own),
            checkpoint: None,
            due: now,
            restarts: Vec::new(),
            crashes: Vec::new(),
            polls: 0,
            trigger: PhantomData,
        }
    }

    /// Begins at this time, RFC 3339.
    #[must_use]
    pub fn starting_at(mut self, time: &str) -> Self {
        self.due = moment(time);
        self.world.borrow_mut().now = self.due;
        self
    }

    /// Runs the trigger for something else than a task.
    #[must_use]
    pub fn waiting_for(mut self, kind: TriggerKind) -> Self {
        self.context.kind = match kind {
            TriggerKind::Task => wit::TriggerKind::Task,
            TriggerKind::Asset => wit::TriggerKind::Asset,
            TriggerKind::Callback => wit::TriggerKind::Callback,
        };
        if kind != TriggerKind::Task {
            self.context.task = None;
            self.world.borrow_mut().airflow.own = None;
        }
        self
    }

    /// Runs the trigger for this task.
    #[must_use]
    pub fn for_task(mut self, task: TaskInstance) -> Self {
        self.world.borrow_mut().airflow.own = Some(task.clone());
        let TaskInstance { dag_id, run_id, task_id, map_index, try_number } = task;
        self.context.task = Some(wit::TaskInstance { dag_id, run_id, task_id, map_index, try_number });
        self
    }

    /// Gives the trigger this id; it is 1 otherwise.
    #[must_use]
    pub const fn trigger_id(mut self, id: u64) -> Self {
        self.context.trigger_id = id;
        self
    }

    /// What the world answers to this method and URL: `host.on("GET", url).json(200, body)`.
    pub fn on(&mut self, method: &str, url: &str) -> ScriptGuard<'_> {
        ScriptGuard::new(&self.world, method, url)
    }

    /// What the trigger finds in Airflow: `host.airflow().variable("x", "1")`.
    pub fn airflow(&mut self) -> AirflowGuard<'_> {
        AirflowGuard(std::cell::RefMut::map(self.world.borrow_mut(), |world| &mut world.airflow))
    }

    /// The host dies so long after now, and another one goes on at once from the stored checkpoint.
    pub fn restart_after(&mut self, wait: impl Into<Duration>) {
        let at = self.now() + wait;
        self.restarts.push(at);
        self.restarts.sort_unstable();
    }

    /// The host dies right after the `nth` poll (from 1): what it did outside is done, its outcome is lost.
    pub fn crash_after_poll(&mut self, nth: u32) {
        self.crashes.push(nth);
    }

    /// The time.
    pub fn now(&self) -> DateTime {
        self.world.borrow().now
    }

    /// The stored checkpoint.
    pub fn checkpoint(&self) -> Option<Value> {
        self.checkpoint.as_deref().map(|text| serde_json::from_str(text).unwrap_or_default())
    }

    /// Runs until the trigger has finished, failed, or, for a task, fired.
    ///
    /// # Panics
    /// After 10,000 polls.
    pub fn run_until_finished(&mut self) -> Run {
        self.run(None)
    }

    /// Runs for so long, and leaves the trigger as it then is.
    ///
    /// # Panics
    /// After 10,000 polls.
    pub fn run_for(&mut self, time: impl Into<Duration>) -> Run {
        let end = self.now() + time;
        self.run(Some(end))
    }

    /// Polls once, when it is due.
    pub fn run_once(&mut self) -> Run {
        let mut report = self.empty_report();
        self.step(&mut report);
        self.completed(report)
    }

    /// Calls `on_kill` with the stored checkpoint.
    ///
    /// # Errors
    /// What `on_kill` fails with.
    pub fn kill(&mut self) -> Result<()> {
        let context = self.context_now();
        with_world(self.world.clone(), || run::on_kill::<T>(context, &self.kwargs, self.checkpoint.as_deref()))
    }

    /// What `inspect` shows: the summary, and the JSON Schema of the kwargs.
    pub fn describe(&self) -> (&'static str, Value) {
        (T::SUMMARY, serde_json::from_str(&run::schema::<T>()).unwrap_or_default())
    }

    fn run(&mut self, end: Option<DateTime>) -> Run {
        let mut report = self.empty_report();
        while end.is_none_or(|end| self.due <= end) {
            if report.polls == MOST_POLLS {
                let last = &self.checkpoint;
                panic!("the trigger has not finished after {MOST_POLLS} polls; the last checkpoint is {last:?}");
            }
            if self.step(&mut report) {
                break;
            }
        }
        if let Some(end) = end.filter(|_| report.error.is_none()) {
            let now = self.now().max(end);
            self.world.borrow_mut().now = now;
        }
        self.completed(report)
    }

    /// Polls once, when it is due; true at the end.
    fn step(&mut self, report: &mut Run) -> bool {
        let now = self.now().max(self.due);
        self.world.borrow_mut().now = now;
        report.polls += 1;
        match self.poll(&mut report.events) {
            Ok(Step::Wait(due)) => self.due = self.next_due(due),
            Ok(Step::Crashed) => self.due = now,
            Ok(Step::Finished) => return true,
            Err(error) => {
                report.error = Some(error);
                return true;
            }
        }
        false
    }

    /// With what the world has seen.
    fn completed(&self, report: Run) -> Run {
        let mut world = self.world.borrow_mut();
        let (logs, requests) = (std::mem::take(&mut world.logs), std::mem::take(&mut world.requests));
        Run { ended_at: world.now, logs, requests, ..report }
    }

    fn empty_report(&self) -> Run {
        Run { events: Vec::new(), polls: 0, logs: Vec::new(), requests: Vec::new(), ended_at: self.now(), error: None }
    }

    /// A restart polls at once, whatever was due.
    fn next_due(&mut self, due: DateTime) -> DateTime {
        match self.restarts.first() {
            Some(restart) if *restart < due => self.restarts.remove(0),
            _ => due,
        }
    }

    fn poll(&mut self, events: &mut Vec<FiredEvent>) -> Result<Step> {
        self.polls += 1;
        let context = self.context_now();
        let outcome =
            with_world(self.world.clone(), || run::poll::<T>(context, &self.kwargs, self.checkpoint.as_deref()))?;
        if self.crashes.contains(&self.polls) {
            return Ok(Step::Crashed);
        }
        let now = self.now();
        for event in outcome.events {
            events.push(fired(event, now));
        }
        if let Some(checkpoint) = outcome.checkpoint {
            assert!(
                checkpoint.len() <= MOST_BYTES,
                "the checkpoint has {} bytes: the host takes {MOST_BYTES}",
                checkpoint.len()
            );
            self.checkpoint = Some(checkpoint);
        }
        let for_task = self.context.kind == wit::TriggerKind::Task;
        match outcome.next {
            // The first event resumes the task, and that ends its trigger.
            _ if for_task && !events.is_empty() => Ok(Step::Finished),
            wit::Next::Finished if for_task => {
                Err(Error::failed("the trigger finished without an event, which fails its task"))
            }
            wit::Next::Finished => Ok(Step::Finished),
            wit::Next::After(millis) => Ok(Step::Wait(now + Duration::from_millis(millis))),
            wit::Next::At(at) => Ok(Step::Wait(DateTime::from_unix_ms(at).max(now))),
        }
    }

    fn context_now(&self) -> wit::Context {
        wit::Context { now: self.now().unix_ms(), ..self.context.clone() }
    }
}

/// A script being written.
#[derive(Debug)]
pub struct ScriptGuard<'a>(std::cell::RefMut<'a, Script>);

impl<'a> ScriptGuard<'a> {
    pub(super) fn new(world: &'a RefCell<ScriptedWorld>, method: &str, url: &str) -> Self {
        Self(std::cell::RefMut::map(world.borrow_mut(), |world| world.script(method, url)))
    }
}

impl std::ops::Deref for ScriptGuard<'_> {
    type Target = Script;

    fn deref(&self) -> &Script {
        &self.0
    }
}

impl std::ops::DerefMut for ScriptGuard<'_> {
    fn deref_mut(&mut self) -> &mut Script {
        &mut self.0
    }
}

/// For whom a test's calls are made.
pub(super) fn test_context(kind: TriggerKind) -> wit::Context {
    let task = wit::TaskInstance {
        dag_id: "dag".to_owned(),
        run_id: "run".to_owned(),
        task_id: "task".to_owned(),
        map_index: -1,
        try_number: 1,
    };
    let (kind, task) = match kind {
        TriggerKind::Task => (wit::TriggerKind::Task, Some(task)),
        TriggerKind::Asset => (wit::TriggerKind::Asset, None),
        TriggerKind::Callback => (wit::TriggerKind::Callback, None),
    };
    let now = moment(START).unix_ms();
    wit::Context { trigger_id: 1, classpath: "test.Trigger".to_owned(), kind, now, task, timeout_at: None }
}

impl ScriptedWorld {
    /// A world in which nothing has happened, with the Airflow of this task.
    pub(super) fn at_the_start(own: Option<TaskInstance>) -> Rc<RefCell<Self>> {
        let (scripts, requests, logs) = (Vec::new(), Vec::new(), Vec::new());
        let airflow = own.map_or_else(Airflow::default, Airflow::of);
        Rc::new(RefCell::new(Self { now: moment(START), scripts, network: None, requests, logs, airflow }))
    }
}

/// The fake Airflow, being looked at or changed.
#[derive(Debug)]
pub struct AirflowGuard<'a>(std::cell::RefMut<'a, Airflow>);

impl std::ops::Deref for AirflowGuard<'_> {
    type Target = Airflow;

    fn deref(&self) -> &Airflow {
        &self.0
    }
}

impl std::ops::DerefMut for AirflowGuard<'_> {
    fn deref_mut(&mut self) -> &mut Airflow {
        &mut self.0
    }
}

fn moment(text: &str) -> DateTime {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn fired(event: wit::Event, at: DateTime) -> FiredEvent {
    let (kind, xcoms) = match event.kind {
        wit::EventKind::Fire => (EventKind::Fire, Vec::new()),
        wit::EventKind::TaskSuccess(xcoms) => (EventKind::TaskSuccess, xcoms),
        wit::EventKind::TaskFailed(xcoms) => (EventKind::TaskFailed, xcoms),
        wit::EventKind::TaskSkipped(xcoms) => (EventKind::TaskSkipped, xcoms),
    };
    assert!(
        event.payload.len() <= MOST_BYTES,
        "the payload has {} bytes: the host takes {MOST_BYTES}",
        event.payload.len()
    );
    let value = |text: &str| serde_json::from_str(text).unwrap_or_else(|error| panic!("`{text}` is not JSON: {error}"));
    let xcoms = xcoms.into_iter().map(|xcom| (xcom.key, value(&xcom.value))).collect();
    FiredEvent { payload: value(&event.payload), kind, xcoms, at }
}
