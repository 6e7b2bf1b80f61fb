//! Parts of a benchmark that need a process of their own: this program again, which answers in lines of JSON and goes
//! on when it is told to.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// A running part; killed when it is dropped.
pub(crate) struct Part {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Part {
    /// This program as the part `name`.
    pub(crate) fn start(name: &str, arguments: &[&str]) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--part", name]).args(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let input = child.stdin.take().context("no input")?;
        let output = BufReader::new(child.stdout.take().context("no output")?);
        Ok(Self { child, input, output })
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its next answer.
    pub(crate) async fn answer(&mut self) -> Result<Value> {
        let mut line = String::new();
        // The API of this process serves on another thread meanwhile.
        tokio::task::block_in_place(|| self.output.read_line(&mut line))?;
        if line.is_empty() {
            bail!("a part of the benchmark ended before it answered: {}", self.child.wait()?);
        }
        Ok(serde_json::from_str(&line)?)
    }

    /// Lets it go on.
    pub(crate) fn go_on(&mut self) -> Result<()> {
        writeln!(self.input)?;
        Ok(self.input.flush()?)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Answers, in a part.
pub(crate) fn answer(value: &Value) -> Result<()> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{value}")?;
    Ok(output.flush()?)
}

/// Waits until the other side says to go on, in a part.
pub(crate) fn pause() -> Result<()> {
    let mut line = String::new();
    let read = tokio::task::block_in_place(|| std::io::stdin().read_line(&mut line))?;
    if read == 0 { bail!("the benchmark is gone") } else { Ok(()) }
}

/// A number of an answer.
pub(crate) fn number(answer: &Value, name: &str) -> Result<f64> {
    answer[name].as_f64().with_context(|| format!("no `{name}` in {answer}"))
}
