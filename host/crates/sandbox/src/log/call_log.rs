//! Where the lines of one call go: first through its budget, then to the host.
//!
//! Shared by the `logging` import and the two output streams, which the engine holds as objects of their own; hence the
//! lock, which is never contended.

use std::sync::Arc;

use parking_lot::Mutex;
use trigger_host_types::log::{Level, Line, MOST_MESSAGE, Source};

use super::field::{self, MOST_FIELDS};
use super::text::{cut, inert};
use crate::call::HostCalls;

/// Lines of one call, whatever their size.
const MOST_LINES: u32 = 1_000;

/// The log of one call. Cheap to clone.
#[derive(Clone)]
pub(crate) struct CallLog(Arc<Inner>);

struct Inner {
    host: Arc<dyn HostCalls>,
    budget: Mutex<Budget>,
}

struct Budget {
    bytes: u64,
    lines: u32,
    dropped: u32,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl CallLog {
    pub(crate) fn new(host: Arc<dyn HostCalls>, bytes: u64) -> Self {
        let budget = Budget { bytes, lines: MOST_LINES, dropped: 0, stdout: Vec::new(), stderr: Vec::new() };
        Self(Arc::new(Inner { host, budget: Mutex::new(budget) }))
    }

    /// The next call of the same instance begins, with a budget of its own.
    pub(crate) fn begin(&self, bytes: u64) {
        let mut budget = self.0.budget.lock();
        (budget.bytes, budget.lines, budget.dropped) = (bytes, MOST_LINES, 0);
    }

    /// Writes one line, or counts it when the budget is used up.
    pub(crate) fn write(
        &self,
        level: Level,
        message: &str,
        fields: impl Iterator<Item = (String, String)>,
        source: Source,
    ) {
        // Nothing is made of a line that cannot be kept.
        if self.is_full() {
            self.0.budget.lock().dropped += 1;
            return;
        }
        let message = cut(&inert(cut(message, MOST_MESSAGE)), MOST_MESSAGE).to_owned();
        let mut kept: Vec<(String, String)> = Vec::new();
        for (name, value) in fields.take(MOST_FIELDS) {
            let mut name = field::name(&name);
            while kept.iter().any(|(other, _)| *other == name) {
                name.push('_');
            }
            kept.push((name, field::value(&value)));
        }
        let size = message.len() + kept.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
        if self.take(size) {
            self.0.host.log(Line { level, message, fields: kept, source });
        }
    }

    /// Takes bytes of an output stream; whole lines are written.
    pub(crate) fn output(&self, source: Source, bytes: &[u8]) {
        if self.is_full() {
            let lines = bytes.iter().filter(|&&byte| byte == b'\n').count();
            let mut budget = self.0.budget.lock();
            budget.dropped = budget.dropped.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
            return;
        }
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            let line = {
                let mut budget = self.0.budget.lock();
                let buffer = budget.buffer(source);
                let room = MOST_MESSAGE.saturating_sub(buffer.len());
                buffer.extend_from_slice(&piece[..piece.len().min(room)]);
                if piece.ends_with(b"\n") { std::mem::take(buffer) } else { continue }
            };
            self.write_output(source, &line);
        }
    }

    /// Writes what is left without a line end; for the end of a call.
    pub(crate) fn finish(&self) {
        for source in [Source::Stdout, Source::Stderr] {
            let rest = std::mem::take(self.0.budget.lock().buffer(source));
            if !rest.is_empty() {
                self.write_output(source, &rest);
            }
        }
    }

    /// Lines that were counted and not kept.
    pub(crate) fn dropped(&self) -> u32 {
        self.0.budget.lock().dropped
    }

    fn write_output(&self, source: Source, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let text = text.strip_suffix('\n').unwrap_or(&text);
        let level = if source == Source::Stderr { Level::Warning } else { Level::Info };
        self.write(level, text.strip_suffix('\r').unwrap_or(text), std::iter::empty(), source);
    }

    fn is_full(&self) -> bool {
        let budget = self.0.budget.lock();
        budget.lines == 0 || budget.bytes == 0
    }

    /// Takes a line of `size` bytes from the budget. Once one does not fit, the log is full: no later, shorter line
    /// slips in.
    fn take(&self, size: usize) -> bool {
        let mut budget = self.0.budget.lock();
        // An empty line costs something too.
        let size = (size as u64).max(1);
        if budget.lines == 0 || budget.bytes < size {
            budget.bytes = 0;
            budget.dropped = budget.dropped.saturating_add(1);
            return false;
        }
        budget.bytes -= size;
        budget.lines -= 1;
        true
    }
}

impl Budget {
    fn buffer(&mut self, source: Source) -> &mut Vec<u8> {
        if source == Source::Stderr { &mut self.stderr } else { &mut self.stdout }
    }
}
