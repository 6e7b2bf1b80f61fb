//! What more than one world of this version shares: the context, events and the error of a guest.

use trigger_host_types::{Event, EventKind, TriggerKind, Xcom};

use super::bindings::trigger_host::trigger::types as wit;
use crate::call::{Context, GuestError};

impl From<Context> for wit::Context {
    fn from(context: Context) -> Self {
        Self {
            // Ids of Airflow are positive.
            trigger_id: u64::try_from(context.trigger_id.0).unwrap_or(0),
            classpath: context.classpath.as_str().to_owned(),
            kind: match context.kind {
                TriggerKind::Task => wit::TriggerKind::Task,
                TriggerKind::Asset => wit::TriggerKind::Asset,
                TriggerKind::Callback => wit::TriggerKind::Callback,
            },
            now: context.now,
            task: context.task.map(|task| wit::TaskInstance {
                dag_id: task.dag_id,
                run_id: task.run_id,
                task_id: task.task_id,
                map_index: task.map_index,
                try_number: task.try_number,
            }),
            timeout_at: context.timeout_at,
        }
    }
}

impl From<wit::Event> for Event {
    fn from(event: wit::Event) -> Self {
        let xcom = |wit::Xcom { key, value }| Xcom { key, value };
        let xcoms = |xcoms: Vec<wit::Xcom>| xcoms.into_iter().map(xcom).collect();
        Self {
            payload: event.payload,
            kind: match event.kind {
                wit::EventKind::Fire => EventKind::Fire,
                wit::EventKind::TaskSuccess(pushed) => EventKind::TaskSuccess(xcoms(pushed)),
                wit::EventKind::TaskFailed(pushed) => EventKind::TaskFailed(xcoms(pushed)),
                wit::EventKind::TaskSkipped(pushed) => EventKind::TaskSkipped(xcoms(pushed)),
            },
        }
    }
}

impl From<wit::Error> for GuestError {
    fn from(error: wit::Error) -> Self {
        match error {
            wit::Error::InvalidKwargs(text) => Self::InvalidKwargs(text),
            wit::Error::Failed(wit::Failure { message, details }) => Self::Failed { message, details },
            wit::Error::Other(text) => Self::Other(text),
        }
    }
}
