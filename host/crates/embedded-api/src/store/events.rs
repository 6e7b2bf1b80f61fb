//! Events and failures. See docs/design/execution-api.md#jobs-and-triggers; the extensions are the project's own.
//!
//! - A task takes its first event: `next_kwargs["event"]` is the payload untouched, the task is scheduled, its link to
//!   the trigger cut.
//! - An event for an unknown trigger, or where nothing waits, is accepted and does nothing.
//! - An event with the key and the payload of a stored one is a repetition and is dropped.
//! - Payloads for assets and callbacks are decoded here, so that some are refused for ever, as on Airflow's server.

use rusqlite::{OptionalExtension, params};
use trigger_host_types::TriggerKind;
use trigger_host_types::step::{Effect, StepKind};

use super::payload::{self, Decoded};
use super::records::{self, Entry};
use super::{Write, column, xcoms};
use crate::error::StoreError;

/// An event as it was sent.
pub(crate) struct Event {
    pub(crate) trigger: i64,
    /// As Python's parser takes it.
    pub(crate) payload: String,
    pub(crate) kind: EventKind,
    pub(crate) key: Option<String>,
}

/// What it does to a task.
pub(crate) enum EventKind {
    Fire,
    /// Ends it in this state, with key and JSON text of each XCom.
    End(EndState, Vec<(String, String)>),
}

/// How a task ends without resuming.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndState {
    Success,
    Failed,
    Skipped,
}

impl EndState {
    /// By the name of the event kind.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "task-success" => Some(Self::Success),
            "task-failed" => Some(Self::Failed),
            "task-skipped" => Some(Self::Skipped),
            _ => None,
        }
    }
}

/// What becomes of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// It is stored, or repeats one that is.
    Stored,
    /// The server cannot decode it: an unhandled error in Airflow.
    Undecodable,
    /// The server cannot store what it decoded: a database error in Airflow.
    NotStorable,
}

impl EventKind {
    const fn name(&self) -> &'static str {
        match self {
            Self::Fire => "fire",
            Self::End(EndState::Success, _) => "task-success",
            Self::End(EndState::Failed, _) => "task-failed",
            Self::End(EndState::Skipped, _) => "task-skipped",
        }
    }
}

struct Trigger {
    classpath: String,
    kind: String,
    linked: bool,
    job: Option<i64>,
}

fn trigger(write: &Write<'_>, id: i64) -> Result<Option<Trigger>, StoreError> {
    let sql = "SELECT classpath, kind, linked, triggerer_id FROM triggers WHERE id = ?1";
    let mut select = write.connection.prepare_cached(sql)?;
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Trigger { classpath: row.get(0)?, kind: row.get(1)?, linked: row.get(2)?, job: row.get(3)? })
    };
    Ok(select.query_row([id], read).optional()?)
}

/// Accepts an event, or says why Airflow's server fails on it.
pub(crate) fn event(write: &mut Write<'_>, event: &Event) -> Result<Accepted, StoreError> {
    if let Some(sequence) = repeated(write, event)? {
        write.report(event.trigger, StepKind::RepetitionDropped { sequence });
        return Ok(Accepted::Stored);
    }
    let found = trigger(write, event.trigger)?;
    let effect = match found.as_ref().filter(|trigger| trigger.linked) {
        None => Effect::Nothing,
        Some(trigger) if trigger.kind == TriggerKind::Task.as_str() => task(write, event)?,
        Some(trigger) if trigger.kind == TriggerKind::Asset.as_str() => match payload::decode(&event.payload) {
            Decoded::Unknown => return Ok(Accepted::Undecodable),
            Decoded::NotStorable => return Ok(Accepted::NotStorable),
            Decoded::Plain => asset(write, event)?,
        },
        Some(_) => match (payload::decode(&event.payload), payload::callback(&event.payload)) {
            (Decoded::Unknown, _) | (_, None) => return Ok(Accepted::Undecodable),
            (_, Some((state, body))) => callback(write, event.trigger, state, body)?,
        },
    };
    let xcoms = match &event.kind {
        EventKind::End(_, xcoms) if !xcoms.is_empty() => Some(object(xcoms)),
        _ => None,
    };
    let entry = Entry {
        what: "event",
        trigger: event.trigger,
        job: found.as_ref().and_then(|trigger| trigger.job),
        classpath: found.map(|trigger| trigger.classpath),
        kind: Some(event.kind.name()),
        payload: Some(&event.payload),
        xcoms,
        lines: None,
        key: event.key.as_deref(),
    };
    let sequence = records::insert(write, &entry, effect)?;
    write.report(event.trigger, StepKind::EventStored { sequence, payload: event.payload.clone(), effect });
    Ok(Accepted::Stored)
}

/// Accepts an event, or undoes all it did and leaves everything else as it is.
pub(crate) fn alone(write: &mut Write<'_>, one: &Event) -> Result<Accepted, StoreError> {
    write.connection.execute_batch("SAVEPOINT event")?;
    let accepted = event(write, one);
    if accepted.is_err() {
        write.connection.execute_batch("ROLLBACK TO event")?;
    }
    write.connection.execute_batch("RELEASE event")?;
    accepted
}

/// The stored event that this one repeats, counted.
fn repeated(write: &Write<'_>, event: &Event) -> Result<Option<i64>, StoreError> {
    let Some(key) = &event.key else { return Ok(None) };
    let mut select = write.connection.prepare_cached("SELECT sequence, payload FROM record WHERE key = ?1")?;
    let stored = select.query_map([key], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
    for row in stored {
        let (sequence, stored) = row?;
        if payload::same(&stored, &event.payload) {
            let sql = "UPDATE record SET repetitions = repetitions + 1 WHERE sequence = ?1";
            write.connection.prepare_cached(sql)?.execute([sequence])?;
            return Ok(Some(sequence));
        }
    }
    Ok(None)
}

fn task(write: &Write<'_>, event: &Event) -> Result<Effect, StoreError> {
    match &event.kind {
        EventKind::Fire => {
            let kwargs = format!("{{\"event\": {}}}", event.payload);
            let mut update = write.connection.prepare_cached(
                "UPDATE task_instance SET state = 'scheduled', trigger_id = NULL, timeout_after = NULL, next_kwargs = ?2
                 WHERE trigger_id = ?1 AND state = 'deferred'",
            )?;
            let resumed = update.execute(params![event.trigger, kwargs])?;
            finish(write, event.trigger, resumed, Effect::Resumed)
        }
        EventKind::End(state, pushed) => end(write, event.trigger, *state, pushed),
    }
}

/// Ends the task without a worker. A failed one with tries left goes up for retry, and then its XComs are not pushed.
fn end(write: &Write<'_>, trigger: i64, state: EndState, pushed: &[(String, String)]) -> Result<Effect, StoreError> {
    let mut select = write.connection.prepare_cached(
        "SELECT id, dag_id, run_id, task_id, map_index, try_number <= retries FROM task_instance
         WHERE trigger_id = ?1 AND state = 'deferred'",
    )?;
    type Found = (String, xcoms::Owner, bool);
    let found: Option<Found> = select
        .query_row([trigger], |row| {
            let owner =
                xcoms::Owner { dag_id: row.get(1)?, run_id: row.get(2)?, task_id: row.get(3)?, map_index: row.get(4)? };
            Ok((row.get(0)?, owner, row.get(5)?))
        })
        .optional()?;
    let Some((id, owner, tries_left)) = found else { return Ok(Effect::Nothing) };
    let name = match state {
        EndState::Success => "success",
        EndState::Skipped => "skipped",
        EndState::Failed if tries_left => "up_for_retry",
        EndState::Failed => "failed",
    };
    let sql =
        "UPDATE task_instance SET state = ?2, trigger_id = NULL, timeout_after = NULL, end_date = ?3 WHERE id = ?1";
    let ended = write.connection.prepare_cached(sql)?.execute(params![id, name, column(write.now)])?;
    if name != "up_for_retry" {
        for (key, value) in pushed {
            xcoms::set(write, &owner, key, value)?;
        }
    }
    finish(write, trigger, ended, Effect::Ended)
}

/// Marks the trigger as not needed any more, if a task got its result.
fn finish(write: &Write<'_>, trigger: i64, tasks: usize, effect: Effect) -> Result<Effect, StoreError> {
    if tasks == 0 {
        return Ok(Effect::Nothing);
    }
    let sql = "UPDATE triggers SET linked = 0, fired = 1 WHERE id = ?1";
    write.connection.prepare_cached(sql)?.execute([trigger])?;
    Ok(effect)
}

fn asset(write: &Write<'_>, event: &Event) -> Result<Effect, StoreError> {
    if !matches!(event.kind, EventKind::Fire) {
        return Ok(Effect::Nothing);
    }
    write.connection.prepare_cached("UPDATE triggers SET fired = 1 WHERE id = ?1")?.execute([event.trigger])?;
    Ok(Effect::AssetEvent)
}

fn callback(
    write: &Write<'_>,
    trigger: i64,
    state: Option<String>,
    body: Option<String>,
) -> Result<Effect, StoreError> {
    let ends = match state.as_deref() {
        Some("success" | "failed") => true,
        Some("running") => false,
        // Accepted and only logged.
        _ => return Ok(Effect::Nothing),
    };
    let sql =
        "UPDATE callback SET state = ?2, output = ?3, trigger_id = iif(?4, NULL, trigger_id) WHERE trigger_id = ?1";
    write.connection.prepare_cached(sql)?.execute(params![trigger, state, body, ends])?;
    if ends {
        finish(write, trigger, 1, Effect::Callback)?;
    }
    Ok(Effect::Callback)
}

/// Accepts a failure. For assets and callbacks it does nothing, as in Airflow.
pub(crate) fn failure(write: &mut Write<'_>, id: i64, lines: Option<Vec<String>>) -> Result<(), StoreError> {
    let found = trigger(write, id)?;
    let traceback = lines.as_ref().map_or(serde_json::Value::Null, |lines| lines.as_slice().into());
    let kwargs = serde_json::json!({"error": "Trigger failure", "traceback": traceback}).to_string();
    let mut update = write.connection.prepare_cached(
        "UPDATE task_instance SET state = 'scheduled', trigger_id = NULL, timeout_after = NULL, next_method = '__fail__',
             next_kwargs = ?2 WHERE trigger_id = ?1 AND state = 'deferred'",
    )?;
    let tasks = update.execute(params![id, kwargs])?;
    let effect = finish(write, id, tasks, Effect::Failed)?;
    let entry = Entry {
        what: "failure",
        trigger: id,
        job: found.as_ref().and_then(|trigger| trigger.job),
        classpath: found.map(|trigger| trigger.classpath),
        lines: lines.as_ref().map(|_| traceback.to_string()),
        ..Entry::default()
    };
    let sequence = records::insert(write, &entry, effect)?;
    write.report(id, StepKind::FailureStored { sequence, lines, effect });
    Ok(())
}

/// A JSON object's text from texts of its values.
fn object(members: &[(String, String)]) -> String {
    let members: Vec<String> =
        members.iter().map(|(key, value)| format!("{}: {value}", serde_json::Value::from(key.as_str()))).collect();
    format!("{{{}}}", members.join(", "))
}
