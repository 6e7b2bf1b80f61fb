//! Processes: the built binary, killed when it is dropped, with its lines kept as they come.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::time::timeout;

/// No single thing in these tests takes nearly so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The binary, in a folder, without this process's environment.
pub(crate) fn command(folder: &Path) -> Command {
    let mut command = Command::new(guest_build::host());
    command
        .current_dir(folder)
        .env_clear()
        // One cache for all tests: each component is compiled once.
        .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// A running binary.
pub(crate) struct Program {
    child: Child,
    pub(crate) pid: Pid,
    /// Standard output.
    pub(crate) out: Lines,
    /// Standard error.
    pub(crate) log: Lines,
}

/// What it has written so far.
#[derive(Clone)]
pub(crate) struct Lines(watch::Receiver<Vec<String>>);

impl Program {
    pub(crate) fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut child = command(folder).args(arguments).spawn().unwrap();
        let pid = Pid::from_raw(child.id().unwrap().cast_signed()).unwrap();
        let (out, log) = (Lines::of(child.stdout.take().unwrap()), Lines::of(child.stderr.take().unwrap()));
        Self { child, pid, out, log }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid, signal).unwrap();
    }

    /// Waits for its end: the exit code, none after a signal.
    pub(crate) async fn end(&mut self) -> Option<i32> {
        let ended = timeout(PATIENCE, self.child.wait()).await;
        ended.unwrap_or_else(|_| panic!("it does not end; its log:\n{}", self.log.text())).unwrap().code()
    }
}

impl Lines {
    fn of(from: impl AsyncRead + Unpin + Send + 'static) -> Self {
        let (send, receive) = watch::channel(Vec::new());
        tokio::spawn(async move {
            let mut lines = BufReader::new(from).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                send.send_modify(|lines| lines.push(line));
            }
        });
        Self(receive)
    }

    /// Waits until `found` finds what it looks for.
    pub(crate) async fn find<T>(&self, what: &str, mut found: impl FnMut(&[String]) -> Option<T>) -> T {
        let mut lines = self.0.clone();
        let mut result = None;
        let waited = timeout(
            PATIENCE,
            lines.wait_for(|lines| {
                result = found(lines);
                result.is_some()
            }),
        );
        let ended = !matches!(waited.await, Ok(Ok(_)));
        assert!(!ended, "waited in vain: {what}; it wrote:\n{}", self.text());
        result.unwrap()
    }

    /// The first line with this in it.
    pub(crate) async fn line(&self, part: &str) -> String {
        self.find(part, |lines| lines.iter().find(|line| line.contains(part)).cloned()).await
    }

    /// All lines, once no more can come.
    pub(crate) async fn all(&self) -> Vec<String> {
        let mut lines = self.0.clone();
        let more = async { while lines.changed().await.is_ok() {} };
        timeout(PATIENCE, more).await.expect("its output ends");
        self.now()
    }

    pub(crate) fn now(&self) -> Vec<String> {
        self.0.borrow().clone()
    }

    pub(crate) fn text(&self) -> String {
        let lines = self.0.borrow();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }
}
