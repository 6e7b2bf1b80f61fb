//! The thread that writes, and the handle that steps are given to.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use supervisor::Observer;
use trigger_host_types::step::Subject;
use trigger_host_types::{Clock, UnixMs, log, step};

use super::step::{Event, Step};
use super::tally::Tally;
use super::{human, json};
use crate::exit::Failure;
use crate::out;

/// Steps that wait for the writer at most.
const BOUND: usize = 65_536;

/// Takes steps without waiting. Clones feed the same writer.
#[derive(Clone)]
pub(crate) struct View {
    steps: SyncSender<Step>,
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
        let (steps, received) = sync_channel(BOUND);
        let (lost, start) = (Arc::new(AtomicU64::new(0)), clock.now());
        let thread = std::thread::Builder::new().name("view".into()).spawn(move || write(&received, style, start))?;
        Ok((Self { steps, lost: Arc::clone(&lost), clock }, Shown { thread, lost }))
    }

    /// Shows one step.
    pub(crate) fn show(&self, step: Step) {
        if self.steps.try_send(step).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Observer for View {
    fn observe(&self, step: &step::Step) {
        Step::of(step).into_iter().for_each(|step| self.show(step));
    }

    fn log(&self, subject: &Subject, line: &log::Line) {
        let (at, event) = (self.clock.now(), Event::Log(line.clone()));
        self.show(Step { at, trigger: subject.trigger, classpath: Some(subject.classpath.clone()), event });
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

fn write(steps: &Receiver<Step>, style: Style, start: UnixMs) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    while let Ok(step) = steps.recv() {
        tally.count(&step);
        if !style.json {
            out::line(&human::line(&step, start, style.colours))?;
        } else if let Some(object) = json::object(&step, start) {
            out::json(&object)?;
        } else {
            eprintln!("{}", human::line(&step, start, false));
        }
    }
    Ok(tally)
}
