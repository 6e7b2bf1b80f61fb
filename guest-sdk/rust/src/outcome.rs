//! What a poll comes to: events, a checkpoint, and when to poll again.

use serde::Serialize;

use crate::bindings::trigger_host::trigger::types as wit;
use crate::{DateTime, Duration, Error, Result};

/// What one poll came to. `C` is the trigger's checkpoint.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct Outcome<C = ()> {
    events: Vec<Event>,
    checkpoint: Option<C>,
    next: Next,
}

/// When to poll again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// After a wait.
    After(Duration),
    /// At a moment; at once when it is past.
    At(DateTime),
    /// Never.
    Finished,
}

impl<C> Outcome<C> {
    /// Fires one event with this payload, and is done: what a trigger of a task does when its wait is over.
    pub fn fire(payload: impl Serialize) -> Self {
        Self::finished().event(Event::fire(payload))
    }

    /// Ends the task as succeeded without resuming it, and is done.
    pub fn succeed_task() -> Self {
        Self::finished().event(Event::task_success())
    }

    /// Ends the task as failed (or up for retry) without resuming it, and is done.
    pub fn fail_task() -> Self {
        Self::finished().event(Event::task_failed())
    }

    /// Ends the task as skipped without resuming it, and is done.
    pub fn skip_task() -> Self {
        Self::finished().event(Event::task_skipped())
    }

    /// Is done. A task's trigger must have fired by now, or the task fails.
    pub const fn finished() -> Self {
        Self { events: Vec::new(), checkpoint: None, next: Next::Finished }
    }

    /// Polls again after a wait.
    pub fn again_after(wait: impl Into<Duration>) -> Self {
        Self { next: Next::After(wait.into()), ..Self::finished() }
    }

    /// Polls again at a moment; at once when it is past.
    pub fn again_at(moment: DateTime) -> Self {
        Self { next: Next::At(moment), ..Self::finished() }
    }

    /// Polls again at once, but only after the checkpoint is stored: how to be sure that an intent is kept before
    /// acting on it.
    pub fn again_once_stored(checkpoint: C) -> Self {
        Self::again_after(Duration::ZERO).checkpoint(checkpoint)
    }

    /// Replaces the stored checkpoint. Without it the stored one stays.
    pub fn checkpoint(mut self, checkpoint: C) -> Self {
        self.checkpoint = Some(checkpoint);
        self
    }

    /// Fires one more event, after those before it.
    pub fn event(mut self, event: Event) -> Self {
        self.events.push(event);
        self
    }

    /// The form that crosses to the host.
    pub(crate) fn into_wit(self) -> Result<wit::Outcome>
    where
        C: Serialize,
    {
        let events = self.events.into_iter().map(Event::into_wit).collect::<Result<_>>()?;
        let checkpoint = self.checkpoint.map(|value| text_of(&value));
        Ok(wit::Outcome {
            events,
            checkpoint: checkpoint
                .transpose()
                .map_err(|why| Error::failed(format!("the checkpoint is not JSON: {why}")))?,
            next: match self.next {
                Next::After(wait) => wit::Next::After(wait.as_millis()),
                Next::At(moment) => wit::Next::At(moment.unix_ms()),
                Next::Finished => wit::Next::Finished,
            },
        })
    }
}

/// Something to fire.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct Event {
    // A payload that cannot be JSON is reported when the outcome leaves, so that making an event needs no `?`.
    payload: Text,
    kind: EventKind,
    xcoms: Vec<(String, Text)>,
}

type Text = std::result::Result<String, String>;

/// What an event does to the one who waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// Resumes the task, or tells the asset or the callback.
    Fire,
    /// Ends the task as succeeded.
    TaskSuccess,
    /// Ends the task as failed.
    TaskFailed,
    /// Ends the task as skipped.
    TaskSkipped,
}

impl Event {
    /// Resumes the task with this payload, or tells the asset or the callback.
    pub fn fire(payload: impl Serialize) -> Self {
        Self { payload: text_of(&payload), kind: EventKind::Fire, xcoms: Vec::new() }
    }

    /// Ends the task as succeeded without resuming it.
    pub fn task_success() -> Self {
        Self::task_ending("success", EventKind::TaskSuccess)
    }

    /// Ends the task as failed (or up for retry) without resuming it.
    pub fn task_failed() -> Self {
        Self::task_ending("failed", EventKind::TaskFailed)
    }

    /// Ends the task as skipped without resuming it.
    pub fn task_skipped() -> Self {
        Self::task_ending("skipped", EventKind::TaskSkipped)
    }

    /// Pushes an XCom with a task-ending event; a firing event has none, so the trigger fails.
    pub fn xcom(mut self, key: impl Into<String>, value: impl Serialize) -> Self {
        self.xcoms.push((key.into(), text_of(&value)));
        self
    }

    /// As Airflow does, the payload is the state's name.
    fn task_ending(state: &str, kind: EventKind) -> Self {
        Self { payload: text_of(&state), kind, xcoms: Vec::new() }
    }

    pub(crate) fn into_wit(self) -> Result<wit::Event> {
        let payload = self.payload.map_err(|why| Error::failed(format!("the payload is not JSON: {why}")))?;
        let xcoms = self
            .xcoms
            .into_iter()
            .map(|(key, value)| match value {
                Ok(value) => Ok(wit::Xcom { key, value }),
                Err(why) => Err(Error::failed(format!("the XCom `{key}` is not JSON: {why}"))),
            })
            .collect::<Result<Vec<_>>>()?;
        let kind = match self.kind {
            EventKind::Fire if xcoms.is_empty() => wit::EventKind::Fire,
            EventKind::Fire => return Err(Error::failed("only an event that ends the task can push XComs")),
            EventKind::TaskSuccess => wit::EventKind::TaskSuccess(xcoms),
            EventKind::TaskFailed => wit::EventKind::TaskFailed(xcoms),
            EventKind::TaskSkipped => wit::EventKind::TaskSkipped(xcoms),
        };
        Ok(wit::Event { payload, kind })
    }
}

fn text_of(value: &impl Serialize) -> Text {
    serde_json::to_string(value).map_err(|error| error.to_string())
}
