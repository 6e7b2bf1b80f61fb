//! Steps: commands with a name, progress on standard error, and an error that says which one failed.
//!
//! A step that takes longer than ten seconds says every ten seconds that it still runs; its own output passes through.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// How often a long step says that it still runs.
const STILL: Duration = Duration::from_secs(10);

/// Says what happens, on standard error.
pub(crate) fn say(text: impl AsRef<str>) {
    eprintln!("xtask: {}", text.as_ref());
}

/// Shows a line of what was asked for, on standard output.
pub(crate) fn show(line: &str) {
    // A reader that went away is no reason to stop.
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Runs a command and wants it to succeed.
pub(crate) fn run(what: &str, command: &mut Command) -> Result<()> {
    let status = status(what, command)?;
    if !status.success() {
        bail!("{what}: `{}` failed ({status})", line(command));
    }
    Ok(())
}

/// Runs a command, however it ends.
pub(crate) fn status(what: &str, command: &mut Command) -> Result<ExitStatus> {
    say(format!("{what} …"));
    let began = Instant::now();
    let mut child = command.spawn().with_context(|| cannot_run(what, command))?;
    let (done, still) = mpsc::channel::<()>();
    let name = what.to_owned();
    // The channel closes when this function returns, which ends the thread.
    let ticker = std::thread::spawn(move || {
        while still.recv_timeout(STILL) == Err(RecvTimeoutError::Timeout) {
            say(format!("{name} … {}", seconds(began)));
        }
    });
    let status = child.wait().with_context(|| format!("{what}: cannot wait for it"));
    drop(done);
    // A thread that only prints does not panic.
    let _ = ticker.join();
    let status = status?;
    say(format!("{what}: {} after {}", if status.success() { "done" } else { "failed" }, seconds(began)));
    Ok(status)
}

/// Runs a command whose standard output goes to `see`, line by line, as it comes.
pub(crate) fn watched(what: &str, command: &mut Command, mut see: impl FnMut(&str)) -> Result<ExitStatus> {
    say(format!("{what} …"));
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| cannot_run(what, command))?;
    let output = child.stdout.take().with_context(|| format!("{what}: its output is gone"))?;
    lines(output, |line| see(line)).with_context(|| format!("{what}: its output cannot be read"))?;
    child.wait().with_context(|| format!("{what}: cannot wait for it"))
}

/// Reads to the end, line by line; bytes that are not UTF-8 are replaced.
pub(crate) fn lines(input: impl Read, mut see: impl FnMut(&str)) -> std::io::Result<()> {
    let (mut input, mut line) = (BufReader::new(input), Vec::new());
    while input.read_until(b'\n', &mut line)? > 0 {
        see(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']));
        line.clear();
    }
    Ok(())
}

/// Runs a command quietly and gives its standard output.
pub(crate) fn output(what: &str, command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::inherit()).output().with_context(|| cannot_run(what, command))?;
    if !output.status.success() {
        bail!("{what}: `{}` failed ({})", line(command), output.status);
    }
    String::from_utf8(output.stdout)
        .with_context(|| format!("{what}: `{}` printed something that is not text", line(command)))
}

/// Whether a command can be run and succeeds, without a word.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// Time since then, for a person.
pub(crate) fn seconds(since: Instant) -> String {
    let seconds = since.elapsed().as_secs_f64();
    if seconds < 60.0 {
        return format!("{seconds:.1} s");
    }
    format!("{} min {:02} s", seconds as u64 / 60, seconds as u64 % 60)
}

fn cannot_run(what: &str, command: &Command) -> String {
    format!("{what}: cannot run `{}`: is it installed?", command.get_program().display())
}

fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}
