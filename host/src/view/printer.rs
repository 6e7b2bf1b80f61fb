//! The thread that writes, and the handle that steps are given to.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use supervisor::Observer;
use trigger_host_types::step::{Step, Subject};
use trigger_host_types::{Clock, UnixMs, log};

use super::entry::{Entry, is_shown};
use super::tally::Tally;
use super::{human, json};
use crate::exit::Failure;
use crate::out;

/// Steps and lines that wait for the writer at most.
const BOUND: usize = 65_536;

/// Takes steps without waiting. Clones feed the same writer.
#[derive(Clone)]
pub(crate) struct View {
    entries: SyncSender<Entry>,
    lost: Arc<AtomicU64>,
    clock: Arc<dyn Clock>,
}

/// The writer; ends when every [`View`] is gone.
pub(crate) struct Shown {
    thread: JoinHandle<Result<Tally, Failure>>,
    lost: Arc<AtomicU64>,
}

/// The form of the view.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    /// JSON instead of lines for a person.
    pub(crate) json: bool,
    /// For a person's terminal.
    pub(crate) colours: bool,
}

impl View {
    /// Starts the writer.
    ///
    /// # Errors
    /// No thread can be started.
    pub(crate) fn start(style: Style, clock: Arc<dyn Clock>) -> io::Result<(Self, Shown)> {
        let (entries, received) = sync_channel(BOUND);
        let (lost, start) = (Arc::new(AtomicU64::new(0)), clock.now());
        let thread = std::thread::Builder::new().name("view".into()).spawn(move || write(&received, style, start))?;
        Ok((Self { entries, lost: Arc::clone(&lost), clock }, Shown { thread, lost }))
    }

    /// Shows one step, if its kind is shown.
    pub(crate) fn show(&self, step: &Step) {
        if is_shown(&step.what) {
            self.send(Entry::Step(step.clone()));
        }
    }

    fn send(&self, entry: Entry) {
        if self.entries.try_send(entry).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Observer for View {
    fn observe(&self, _: &Subject, step: &Step) {
        self.show(step);
    }

    fn log(&self, subject: &Subject, line: &log::Line) {
        self.send(Entry::Log { at: self.clock.now(), subject: subject.clone(), line: line.clone() });
    }
}

impl Shown {
    /// Waits for the writer. Gives what was counted, and how many steps the reader was too slow for.
    ///
    /// # Errors
    /// Standard output cannot be written; a broken pipe when the reader went away.
    pub(crate) fn finish(self) -> Result<(Tally, u64), Failure> {
        let tally = self.thread.join().map_err(|_| anyhow::anyhow!("the thread of the view panicked"))??;
        Ok((tally, self.lost.load(Ordering::Relaxed)))
    }

    /// Whether the writer has ended on its own: nobody reads any more.
    pub(crate) fn is_over(&self) -> bool {
        self.thread.is_finished()
    }
}

fn write(entries: &Receiver<Entry>, style: Style, start: UnixMs) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    while let Ok(entry) = entries.recv() {
        if let Entry::Step(step) = &entry {
            tally.count(step);
        }
        match &entry {
            entry if !style.json => out::line(&human::line(entry, start, style.colours))?,
            Entry::Step(step) => out::json(&json::object(step, start))?,
            entry @ Entry::Log { .. } => eprintln!("{}", human::line(entry, start, false)),
        }
    }
    Ok(tally)
}
