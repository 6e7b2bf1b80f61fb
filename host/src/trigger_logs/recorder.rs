//! Sorts what is reported of triggers: a task's lines go to its file; those of watchers and callbacks, which have no
//! file, go to the host's own log.
//!
//! In the host's own log a guest's words are the value of a field, escaped, beside fields that it cannot choose.

use logs::{Masker, Note, Task, TriggerLogs};
use serde_json::{Map, Value};
use supervisor::Observer;
use trigger_host_types::log::{Level, Line};
use trigger_host_types::step::{Step, StepKind, Subject};
use trigger_host_types::{JobId, TriggerKind};

use super::words::note;
use crate::view::is_shown;

/// Writes what happens to triggers.
pub(crate) struct Recorder {
    files: Option<TriggerLogs>,
    masker: Masker,
    hostname: String,
}

impl Recorder {
    pub(super) fn new(files: Option<TriggerLogs>, masker: Masker, hostname: String) -> Self {
        Self { files, masker, hostname }
    }

    /// Where the lines of a task's trigger go; none for watchers and callbacks, and where no folder is set.
    fn file(&self, subject: &Subject) -> Option<(&TriggerLogs, Task)> {
        let (files, task) = (self.files.as_ref()?, subject.task.as_ref()?);
        let log_path = task.log_path().map(str::to_owned);
        Some((files, Task { id: task.id(), instance: task.unpack(), log_path }))
    }

    /// A watcher's or a callback's: why it was stopped is worth a warning, the rest is for whoever looks for it.
    fn say(&self, subject: &Subject, note: &Note) {
        let Subject { trigger, classpath, .. } = subject;
        let fields: Map<String, Value> =
            note.fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let (text, fields) = (self.masker.mask(&note.event), self.masker.mask_json(fields.into()));
        if matches!(note.level, Level::Error | Level::Warning) {
            tracing::warn!(trigger_id = trigger.0, %classpath, text = &*text, %fields, "A trigger was stopped.");
        } else {
            tracing::debug!(trigger_id = trigger.0, %classpath, text = &*text, %fields, "About a trigger.");
        }
    }
}

impl Observer for Recorder {
    /// Each step by its name, for whoever looks for something. Payloads stay out of the host's own log.
    fn observe(&self, subject: &Subject, step: &Step) {
        if is_shown(&step.what) {
            let Subject { trigger, classpath, .. } = subject;
            tracing::debug!(trigger_id = trigger.0, %classpath, event = step.what.name(), "A trigger took a step.");
        }
        let file = self.file(subject);
        // A million tasks without a file cost no words.
        if file.is_none() && subject.kind == TriggerKind::Task {
            return;
        }
        match (file, note(subject, step, &self.hostname)) {
            (Some((files, task)), Some(note)) => files.host(task, note),
            (None, Some(note)) if !matches!(step.what, StepKind::Fired { .. }) => self.say(subject, &note),
            _ => {}
        }
    }

    fn log(&self, subject: &Subject, line: &Line) {
        if let Some((files, task)) = self.file(subject) {
            return files.guest(task, line.clone());
        }
        let Subject { trigger, classpath, kind, .. } = subject;
        let fields: Map<String, Value> = line
            .fields
            .iter()
            .map(|(name, value)| (name.clone(), serde_json::from_str(value).unwrap_or(Value::Null)))
            .collect();
        let (text, fields) = (self.masker.mask(&line.message), self.masker.mask_json(fields.into()));
        macro_rules! say {
            ($level:ident) => {
                tracing::$level!(trigger_id = trigger.0, %classpath, text = &*text, %fields, "A guest wrote a line.")
            };
        }
        match line.level {
            // A task's line belongs into a file: this log holds it only for whoever asks for it.
            _ if *kind == TriggerKind::Task => say!(debug),
            Level::Debug => say!(debug),
            Level::Info => say!(info),
            Level::Warning => say!(warn),
            Level::Error => say!(error),
        }
    }

    fn registered(&self, job: JobId) {
        if let Some(files) = &self.files {
            files.registered(job);
        }
    }
}
