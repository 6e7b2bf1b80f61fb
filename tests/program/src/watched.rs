//! A process beside an async test: killed when it is dropped, with its lines kept as they come.

use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::PATIENCE;

/// A running binary.
#[derive(Debug)]
pub struct Program {
    child: Child,
    /// Its process.
    pub pid: Pid,
    /// Standard output.
    pub out: Lines,
    /// Standard error.
    pub log: Lines,
}

/// What it has written so far.
#[derive(Debug, Clone)]
pub struct Lines(watch::Receiver<Vec<String>>);

impl Program {
    /// Starts the host's binary.
    pub fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::from(crate::command(crate::host(), folder));
        let mut child = command.args(arguments).kill_on_drop(true).spawn().unwrap();
        let pid = Pid::from_raw(child.id().unwrap().cast_signed()).unwrap();
        let (out, log) = (Lines::read(child.stdout.take().unwrap()), Lines::read(child.stderr.take().unwrap()));
        Self { child, pid, out, log }
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid, signal).unwrap();
    }

    /// Waits for its end: the exit code, none after a signal.
    pub async fn end(&mut self) -> Option<i32> {
        let ended = timeout(PATIENCE, self.child.wait()).await;
        ended.unwrap_or_else(|_| panic!("it does not end; its log:\n{}", self.log.text())).unwrap().code()
    }
}

impl Lines {
    fn read(from: impl AsyncRead + Unpin + Send + 'static) -> Self {
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
    pub async fn find<T>(&self, what: &str, mut found: impl FnMut(&[String]) -> Option<T>) -> T {
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
    pub async fn line(&self, part: &str) -> String {
        self.find(part, |lines| lines.iter().find(|line| line.contains(part)).cloned()).await
    }

    /// All lines, once no more can come.
    pub async fn all(&self) -> Vec<String> {
        let mut lines = self.0.clone();
        let more = async { while lines.changed().await.is_ok() {} };
        timeout(PATIENCE, more).await.expect("its output ends");
        self.now()
    }

    /// The lines so far.
    pub fn now(&self) -> Vec<String> {
        self.0.borrow().clone()
    }

    /// The last of them, for a message.
    pub fn text(&self) -> String {
        let lines = self.0.borrow();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }
}
