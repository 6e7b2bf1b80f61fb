//! The compiling process as its parent sees it: started with an empty environment, fed, timed, and killed when it takes
//! too long.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::child::{MOST_CPU, MOST_MEMORY};
use crate::load::LoadError;
use crate::log::{cut, inert};

/// By the wall. A busy machine may give the child half of its time.
const MOST_WALL: Duration = Duration::from_secs(2 * MOST_CPU);
/// Bytes of native code: twenty times the most wasm there is in practice.
const MOST_NATIVE: u64 = 512 << 20;
const MOST_COMPLAINT: u64 = 4 << 10;

/// Compiles in a child process. Blocks for as long as that takes.
pub(super) fn compile(name: &str, wasm: &[u8], program: &Path, arguments: &[OsString]) -> Result<Vec<u8>, LoadError> {
    let process_error = |source| LoadError::CompilerProcess { name: name.to_owned(), source };
    let mut child = start(program, arguments).map_err(process_error)?;
    match feed_and_wait(&mut child, wasm) {
        Ok(Some(done)) => judge(name, done),
        Ok(None) => Err(LoadError::CompileDeadline { name: name.to_owned(), limit: MOST_WALL }),
        Err(source) => Err(process_error(source)),
    }
}

struct Done {
    status: ExitStatus,
    native: Vec<u8>,
    complaint: String,
}

fn start(program: &Path, arguments: &[OsString]) -> io::Result<Child> {
    Command::new(program)
        .args(arguments)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
}

/// Nothing when the time is up; the child is gone either way.
fn feed_and_wait(child: &mut Child, wasm: &[u8]) -> io::Result<Option<Done>> {
    let (Some(input), Some(output), Some(errors)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(io::Error::other("the compiler was started without pipes"));
    };
    let (finished, when_finished) = mpsc::sync_channel(2);
    let native = reader(output, MOST_NATIVE, finished.clone())?;
    let complaint = reader(errors, MOST_COMPLAINT, finished)?;
    let deadline = Instant::now() + MOST_WALL;
    let feeder = feeder(input, wasm.to_vec())?;
    let in_time = (0..2).all(|_| {
        let left = deadline.saturating_duration_since(Instant::now());
        !matches!(when_finished.recv_timeout(left), Err(RecvTimeoutError::Timeout))
    });
    if !in_time {
        // It may have ended by itself a moment ago.
        let _ = child.kill();
    }
    let status = child.wait()?;
    // With the child gone its pipes are closed, so all three threads end.
    let _ = feeder.join();
    let native = native.join().unwrap_or_default();
    let complaint = complaint.join().unwrap_or_default();
    let complaint = inert(cut(String::from_utf8_lossy(&complaint).trim(), MOST_COMPLAINT as usize));
    Ok(in_time.then_some(Done { status, native, complaint }))
}

fn reader(
    from: impl Read + Send + 'static,
    most: u64,
    finished: mpsc::SyncSender<()>,
) -> io::Result<JoinHandle<Vec<u8>>> {
    thread::Builder::new().name("compiler-output".to_owned()).spawn(move || {
        let mut bytes = Vec::new();
        // A pipe that breaks ends what was read; the child's status tells the rest.
        let _ = from.take(most).read_to_end(&mut bytes);
        let _ = finished.send(());
        bytes
    })
}

/// A child that dies stops reading; its status says why.
fn feeder(mut input: ChildStdin, wasm: Vec<u8>) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name("compiler-input".to_owned()).spawn(move || {
        let _ = input.write_all(&wasm);
    })
}

fn judge(name: &str, done: Done) -> Result<Vec<u8>, LoadError> {
    if done.status.success() && !done.native.is_empty() && (done.native.len() as u64) < MOST_NATIVE {
        return Ok(done.native);
    }
    let is = |signal: Signal| done.status.signal() == Some(signal.as_raw());
    let reason = if is(Signal::XCPU) || is(Signal::KILL) {
        format!("the compiler used more than {MOST_CPU} s of CPU time, or was killed")
    } else if is(Signal::ABORT) || is(Signal::SEGV) {
        format!("the compiler ran out of its {} MiB of memory", MOST_MEMORY >> 20)
    } else if done.status.success() {
        "the compiler returned no code, or too much".to_owned()
    } else if done.complaint.is_empty() {
        format!("the compiler ended with {}", done.status)
    } else {
        done.complaint
    };
    Err(LoadError::Compile { name: name.to_owned(), reason })
}
