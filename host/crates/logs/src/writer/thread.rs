//! The thread that writes: it takes the waiting lines, sorts them by file, opens each file, appends and closes it. No
//! file stays open between two rounds, so that an operator may move or delete any of them at any time.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;

use serde_json::json;
use trigger_host_types::UnixMs;
use trigger_host_types::log::Level;

use super::batch::{Batch, Fate, Room, append};
use super::{Command, Entry, State, Task, WriterConfig};
use crate::line::{self, Note, Words};
use crate::path::{LogPath, PathError};
use crate::telemetry::{self, Lost};

/// The most lines that are written in one round.
const AT_ONCE: usize = 1_024;
/// The most full files that are remembered.
const MOST_FULL: usize = 4_096;
/// At most one complaint in the host's own log in this time.
const COMPLAIN_EVERY_MS: UnixMs = 10_000;

pub(super) struct Writer {
    config: WriterConfig,
    state: Arc<State>,
    full: HashSet<LogPath>,
    complained: UnixMs,
    /// Lines lost since the last complaint.
    lost: u64,
}

impl Writer {
    pub(super) fn new(config: WriterConfig, state: Arc<State>) -> Self {
        Self { config, state, full: HashSet::new(), complained: 0, lost: 0 }
    }

    /// Until nobody can send any more.
    pub(super) fn run(mut self, commands: &Receiver<Command>) {
        while let Ok(first) = commands.recv() {
            let more = std::iter::from_fn(|| commands.try_recv().ok()).take(AT_ONCE - 1);
            let (mut batches, mut flushes) = (BTreeMap::<LogPath, (Task, Batch)>::new(), Vec::new());
            for command in std::iter::once(first).chain(more) {
                match command {
                    Command::Line(entry) => self.sort(*entry, &mut batches),
                    Command::Flush(done) => flushes.push(done),
                }
            }
            for (path, (task, batch)) in batches {
                self.write(path, &task, &batch);
            }
            for done in flushes {
                // One that has given up waiting does not listen.
                let _ = done.try_send(());
            }
        }
    }

    fn sort(&mut self, entry: Entry, batches: &mut BTreeMap<LogPath, (Task, Batch)>) {
        self.state.waiting.fetch_sub(entry.size(), Ordering::SeqCst);
        let path = match self.path(&entry) {
            Ok(path) => path,
            Err(error) => {
                telemetry::lost(1, Lost::Path);
                return self.complain(1, &format!("the log path of a task is refused: {error}"));
            }
        };
        let Entry { at, task, words, .. } = entry;
        let line = line::line(at, &task, &words, &self.config.masker);
        let (_, batch) = batches.entry(path).or_insert_with(|| (task, Batch::default()));
        batch.lines.push((words.is_guest(), line));
    }

    fn path(&self, entry: &Entry) -> Result<LogPath, PathError> {
        let Task { instance, log_path, .. } = &entry.task;
        match log_path {
            Some(path) => LogPath::of_trigger(path, entry.job),
            None => LogPath::of_trigger(&self.config.template.render(instance), entry.job),
        }
    }

    fn write(&mut self, path: LogPath, task: &Task, batch: &Batch) {
        match self.try_write(&path, task, batch) {
            Ok(fate) => {
                telemetry::written(fate.lines, fate.bytes);
                if fate.over > 0 {
                    telemetry::lost(fate.over, Lost::Full);
                    if self.full.len() >= MOST_FULL {
                        self.full.clear();
                    }
                    self.full.insert(path);
                }
            }
            Err(error) => {
                let lines = batch.lines.len() as u64;
                telemetry::lost(lines, Lost::Error);
                self.complain(lines, &format!("{}: {error}", path.as_str()));
            }
        }
    }

    fn try_write(&self, path: &LogPath, task: &Task, batch: &Batch) -> io::Result<Fate> {
        let file = self.config.folder.append(path)?;
        let room = Room { length: file.metadata()?.len(), most: self.config.max_file };
        let notice = (!self.full.contains(path)).then(|| self.notice(task));
        let (bytes, fate) = batch.bytes(room, notice.as_deref());
        if !bytes.is_empty() {
            append(&file, room.length, &bytes)?;
        }
        Ok(fate)
    }

    /// What stands at the end of a file that has no room for more.
    fn notice(&self, task: &Task) -> Vec<u8> {
        let note = Note {
            level: Level::Warning,
            event: "This log is full: later lines of the trigger are not kept".into(),
            fields: vec![("limit_bytes", json!(self.config.max_file))],
        };
        line::line(self.state.now(), task, &Words::Host(note), &self.config.masker)
    }

    /// Reports a problem in the host's own log, but not more often than a person can read.
    fn complain(&mut self, lines: u64, what: &str) {
        self.lost += lines;
        let now = self.config.clock.now();
        if self.complained == 0 || now.saturating_sub(self.complained) >= COMPLAIN_EVERY_MS {
            tracing::error!(what, lines = self.lost, "Lines of triggers could not be written to their logs.");
            self.complained = now.max(1);
            self.lost = 0;
        }
    }
}
