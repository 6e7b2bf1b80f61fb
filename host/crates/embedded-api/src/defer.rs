//! The `--defer` format: what Airflow would have stored when a task deferred, an asset was watched or a callback was
//! queued.
//!
//! The format is design/command-line.md's, with more optional keys; unknown keys are refused with their place, because
//! a misspelt `timeout_after` that is ignored costs an afternoon.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;
use trigger_host_types::{ClassPath, TriggerKind, UnixMs};

use crate::error::DeferError;

/// The class that runs a callback where nothing else is said.
const CALLBACK_CLASS: &str = "airflow.triggers.callback.CallbackTrigger";

/// One trigger to create, with what waits for it.
#[derive(Debug, Clone)]
pub struct Defer {
    /// What is to run.
    pub classpath: ClassPath,
    /// The kwargs as they are stored: JSON text that begins with `{`, or a Fernet token.
    pub kwargs: String,
    /// What waits for it.
    pub kind: TriggerKind,
    /// The trigger queue.
    pub queue: Option<String>,
    /// The team.
    pub team: Option<String>,
    /// The task that waits; `None` on a task trigger makes one up.
    pub task: Option<Task>,
    /// When the scheduler gives up; tasks only.
    pub timeout: Option<Timeout>,
    /// Higher is claimed first.
    pub priority_weight: i64,
    /// Name and URI of each asset that watches; asset triggers only, and one is made up where none is given.
    pub assets: BTreeMap<String, String>,
    /// The serialized Dag, JSON text, of a task that starts from its trigger.
    pub dag_data: Option<String>,
    /// The Dag run, JSON text, of such a task.
    pub dag_run_data: Option<String>,
}

/// The task that waits.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// Id of the Dag.
    pub dag_id: String,
    /// Id of the run.
    pub run_id: String,
    /// Id of the task.
    pub task_id: String,
    /// -1 when not mapped.
    #[serde(default = "not_mapped")]
    pub map_index: i64,
    /// From 1.
    #[serde(default = "first_try")]
    pub try_number: i64,
    /// How many more tries a failed one gets.
    #[serde(default)]
    pub retries: i64,
}

impl Task {
    /// The task of a trigger that nobody named one for.
    pub(crate) fn made_up(task_id: String) -> Self {
        let dev = || "dev".to_owned();
        Self { dag_id: dev(), run_id: dev(), task_id, map_index: not_mapped(), try_number: first_try(), retries: 0 }
    }
}

/// When the scheduler gives up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timeout {
    /// At this time.
    At(UnixMs),
    /// So long after the deferral.
    After(Duration),
}

impl Defer {
    /// A task trigger with a made-up task. `kwargs` is a JSON object's text.
    pub fn new(classpath: impl Into<ClassPath>, kwargs: impl Into<String>) -> Self {
        Self {
            classpath: classpath.into(),
            kwargs: kwargs.into(),
            kind: TriggerKind::Task,
            queue: None,
            team: None,
            task: None,
            timeout: None,
            priority_weight: 1,
            assets: BTreeMap::new(),
            dag_data: None,
            dag_run_data: None,
        }
    }

    /// Reads a list of triggers.
    ///
    /// # Errors
    /// [`DeferError::NotAList`], or [`DeferError::Malformed`] with the place and the key of the first fault.
    pub fn list(text: &str) -> Result<Vec<Self>, DeferError> {
        let items: Vec<&RawValue> =
            serde_json::from_str(text).map_err(|error| DeferError::NotAList(error.to_string()))?;
        items.into_iter().enumerate().map(|(at, item)| Self::one(text, at + 1, item.get())).collect()
    }

    fn one(text: &str, position: usize, item: &str) -> Result<Self, DeferError> {
        // The item is a slice of the text, so the distance of their beginnings is its place.
        let start = item.as_ptr() as usize - text.as_ptr() as usize;
        let (line, column) = place(&text[..start]);
        let malformed = |line, column, what| DeferError::Malformed { position, line, column, what };
        let wire: Wire = serde_json::from_str(item).map_err(|error| {
            let column = if error.line() == 1 { column + error.column().saturating_sub(1) } else { error.column() };
            let what = error.to_string();
            let what = what.rsplit_once(" at line ").map_or(what.as_str(), |(what, _)| what);
            malformed(line + error.line().saturating_sub(1), column, what.to_owned())
        })?;
        wire.into_defer().map_err(|what| malformed(line, column, what))
    }
}

/// Line and column, from 1, of what follows this text.
fn place(before: &str) -> (usize, usize) {
    let line = before.matches('\n').count() + 1;
    (line, before.rsplit('\n').next().unwrap_or_default().chars().count() + 1)
}

const fn not_mapped() -> i64 {
    -1
}

const fn first_try() -> i64 {
    1
}

const fn default_weight() -> i64 {
    1
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    classpath: Option<String>,
    kwargs: Option<Box<RawValue>>,
    encrypted_kwargs: Option<String>,
    kind: Option<TriggerKind>,
    queue: Option<String>,
    team: Option<String>,
    task: Option<Task>,
    timeout_after: Option<serde_json::Value>,
    #[serde(default = "default_weight")]
    priority_weight: i64,
    #[serde(default)]
    assets: BTreeMap<String, String>,
    callback: Option<Callback>,
    dag_data: Option<Box<RawValue>>,
    dag_run_data: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Callback {
    path: String,
    kwargs: Option<Box<RawValue>>,
}

impl Wire {
    fn into_defer(mut self) -> Result<Defer, String> {
        let kind = self.kind.unwrap_or(if self.callback.is_some() { TriggerKind::Callback } else { TriggerKind::Task });
        self.check_kind(kind)?;
        let kwargs = self.kwargs()?;
        let classpath = self.classpath.or_else(|| self.callback.is_some().then(|| CALLBACK_CLASS.to_owned()));
        Ok(Defer {
            classpath: classpath.ok_or("missing field `classpath`")?.into(),
            kwargs,
            kind,
            queue: self.queue,
            team: self.team,
            task: self.task,
            timeout: self.timeout_after.as_ref().map(timeout).transpose()?.flatten(),
            priority_weight: self.priority_weight,
            assets: self.assets,
            dag_data: object("dag_data", self.dag_data)?,
            dag_run_data: object("dag_run_data", self.dag_run_data)?,
        })
    }

    /// Keys that make no sense with this kind are as wrong as unknown ones.
    fn check_kind(&self, kind: TriggerKind) -> Result<(), String> {
        let only = |there: bool, key: &str, for_kind: TriggerKind| {
            if there && kind != for_kind {
                return Err(format!("`{key}` is only for kind `{}`, this is `{}`", for_kind.as_str(), kind.as_str()));
            }
            Ok(())
        };
        only(self.task.is_some(), "task", TriggerKind::Task)?;
        only(self.timeout_after.as_ref().is_some_and(|value| !value.is_null()), "timeout_after", TriggerKind::Task)?;
        only(self.dag_data.is_some(), "dag_data", TriggerKind::Task)?;
        only(self.dag_run_data.is_some(), "dag_run_data", TriggerKind::Task)?;
        only(!self.assets.is_empty(), "assets", TriggerKind::Asset)?;
        only(self.callback.is_some(), "callback", TriggerKind::Callback)
    }

    fn kwargs(&mut self) -> Result<String, String> {
        if let Some(callback) = &self.callback {
            if self.kwargs.is_some() || self.encrypted_kwargs.is_some() {
                return Err("give `callback` or kwargs, not both".to_owned());
            }
            let path = serde_json::Value::from(callback.path.as_str());
            let kwargs = callback.kwargs.as_deref().map_or("{}", RawValue::get);
            return Ok(format!("{{\"callback_path\": {path}, \"callback_kwargs\": {kwargs}}}"));
        }
        match (self.kwargs.take(), self.encrypted_kwargs.take()) {
            (Some(_), Some(_)) => Err("give `kwargs` or `encrypted_kwargs`, not both".to_owned()),
            (None, Some(token)) => Ok(token),
            (plain, None) => Ok(object("kwargs", plain)?.unwrap_or_else(|| "{}".to_owned())),
        }
    }
}

/// The text of a JSON object; null is absence.
fn object(key: &str, value: Option<Box<RawValue>>) -> Result<Option<String>, String> {
    match value.map(|value| value.get().to_owned()) {
        None => Ok(None),
        Some(text) if text == "null" => Ok(None),
        Some(text) if text.starts_with('{') => Ok(Some(text)),
        Some(_) => Err(format!("`{key}` must be a JSON object")),
    }
}

fn timeout(value: &serde_json::Value) -> Result<Option<Timeout>, String> {
    let wrong = || format!("`timeout_after` must be an RFC 3339 time with an offset, or seconds from now, not {value}");
    if value.is_null() {
        return Ok(None);
    }
    if let Some(text) = value.as_str() {
        let at: jiff::Timestamp = text.parse().map_err(|_| wrong())?;
        return Ok(Some(Timeout::At(UnixMs::try_from(at.as_millisecond()).map_err(|_| wrong())?)));
    }
    let seconds = value.as_f64().ok_or_else(wrong)?;
    Ok(Some(Timeout::After(Duration::try_from_secs_f64(seconds).map_err(|_| wrong())?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_documented_example() {
        let list = Defer::list(
            r#"[{"classpath": "demo.Wait", "kwargs": {"seconds": 2}, "kind": "task", "queue": null,
                "task": {"dag_id": "d", "run_id": "r", "task_id": "t"}, "timeout_after": null}]"#,
        )
        .unwrap();
        assert_eq!(list[0].kwargs, r#"{"seconds": 2}"#);
        assert_eq!(list[0].task.as_ref().unwrap().map_index, -1);
        assert_eq!(list[0].timeout, None);
    }

    #[test]
    fn names_the_place_and_the_key() {
        let error = |text: &str| Defer::list(text).unwrap_err().to_string();
        let unknown = error("[{\"classpath\": \"a.B\"},\n {\"classpath\": \"a.B\",\n  \"queu\": \"x\"}]");
        assert!(unknown.starts_with("trigger 2 of the list (line 3, column "), "{unknown}");
        assert!(unknown.contains("unknown field `queu`"), "{unknown}");
        assert!(
            error(r#"[{"classpath": "a.B", "kind": "asset", "task": {"dag_id":"d","run_id":"r","task_id":"t"}}]"#)
                .contains("`task` is only for kind `task`")
        );
        assert!(error(r#"[{"classpath": "a.B", "timeout_after": "tomorrow"}]"#).contains("`timeout_after` must be"));
        assert!(error(r#"[{"classpath": "a.B", "kwargs": [1]}]"#).contains("`kwargs` must be a JSON object"));
        assert!(error("{}").starts_with("not a JSON list"));
        assert!(error("[{}]").contains("missing field `classpath`"));
    }

    #[test]
    fn a_timeout_is_a_time_or_seconds() {
        let one = |text: &str| Defer::list(text).unwrap().remove(0).timeout;
        assert_eq!(one(r#"[{"classpath":"a","timeout_after":"1970-01-01T00:00:01.5Z"}]"#), Some(Timeout::At(1_500)));
        assert_eq!(
            one(r#"[{"classpath":"a","timeout_after":1.5}]"#),
            Some(Timeout::After(Duration::from_millis(1_500)))
        );
    }

    #[test]
    fn a_callback_is_airflows_own_class() {
        let defer = Defer::list(r#"[{"callback": {"path": "p.f", "kwargs": {"a": 1}}}]"#).unwrap().remove(0);
        assert_eq!(defer.kind, TriggerKind::Callback);
        assert_eq!(defer.classpath.as_str(), CALLBACK_CLASS);
        assert_eq!(defer.kwargs, r#"{"callback_path": "p.f", "callback_kwargs": {"a": 1}}"#);
    }
}
