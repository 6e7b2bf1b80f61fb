//! Programs of the demonstration: started with a name, ended with it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::step::{self, show};

/// A running program; killed when it is dropped.
pub(super) struct Process {
    child: Child,
    name: String,
}

impl Process {
    /// Starts a program that prints where it listens as its first line, and gives that line.
    pub(super) fn that_says_where(command: &mut Command) -> Result<(Self, String)> {
        let program = command.get_program().display().to_string();
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().with_context(|| format!("start {program}"))?;
        let output = child.stdout.take().context("its output is gone")?;
        let process = Self { child, name: program };
        let mut first = String::new();
        let mut output = BufReader::new(output);
        output.read_line(&mut first)?;
        if first.is_empty() {
            bail!("{} ended before it said where it listens", process.name);
        }
        // Nobody writes to a pipe that nobody reads.
        std::thread::spawn(move || step::lines(output, |_| {}));
        Ok((process, first.trim().to_owned()))
    }

    /// Starts a program and shows its standard error, each line behind the name.
    pub(super) fn shown(name: &str, command: &mut Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("start the {name}"))?;
        let output = child.stderr.take().context("its output is gone")?;
        let label = name.to_owned();
        std::thread::spawn(move || step::lines(output, |line| show(&format!("{label:>11} | {line}"))));
        Ok(Self { child, name: name.to_owned() })
    }

    /// Names it in errors.
    pub(super) fn name(&mut self, name: &str) {
        name.clone_into(&mut self.name);
    }

    /// SIGKILL: it gets no chance to tidy up.
    pub(super) fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// SIGTERM, and waits until it is over.
    pub(super) fn end(&mut self) -> Result<ExitStatus> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).context("it has no process id")?;
        kill_process(pid, Signal::TERM).with_context(|| format!("end the {}", self.name))?;
        Ok(self.child.wait()?)
    }

    /// Fails when it has ended.
    pub(super) fn still_runs(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("the {} has ended by itself ({status})", self.name),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks again and again, at most so long, until there is an answer.
pub(super) fn wait_for<T>(what: &str, longest: Duration, mut ask: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask()? {
            return Ok(answer);
        }
        if began.elapsed() > longest {
            bail!("waited {longest:?} for this in vain: {what}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
