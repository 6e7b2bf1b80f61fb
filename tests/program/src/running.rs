//! A process that runs beside a test without async: its lines are read one after the other.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command};
use std::sync::mpsc;
use std::time::Instant;

use crate::PATIENCE;

/// A program that is running.
#[derive(Debug)]
pub struct Running {
    child: Child,
    lines: mpsc::Receiver<String>,
    error_lines: mpsc::Receiver<String>,
}

impl Running {
    /// Starts a command that has pipes.
    pub fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let error_lines = lines(child.stderr.take().unwrap());
        let lines = lines(child.stdout.take().unwrap());
        Self { child, lines, error_lines }
    }

    /// The next line of standard output.
    pub fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("a line of standard output")
    }

    /// The next line of standard error.
    pub fn error_line(&self) -> String {
        self.error_line_before(Instant::now() + PATIENCE).expect("a line of standard error")
    }

    /// The next line of standard error, if it comes before this.
    pub fn error_line_before(&self, deadline: Instant) -> Option<String> {
        self.error_lines.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()
    }

    /// Sends a signal by name.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Ends it as a power cut would; what it had said last on standard error.
    pub fn kill(&mut self) -> String {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let said: Vec<String> = self.error_lines.iter().collect();
        said[said.len().saturating_sub(60)..].join("\n")
    }

    /// Waits for its end: the code, and what was not read of standard output and standard error.
    pub fn end(mut self) -> (Option<i32>, Vec<String>, String) {
        let until = Instant::now() + PATIENCE;
        let rest = |lines: &mpsc::Receiver<String>| {
            let mut rest = Vec::new();
            while let Ok(line) = lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                rest.push(line);
            }
            rest
        };
        let (stdout, stderr) = (rest(&self.lines), rest(&self.error_lines));
        let code = self.child.try_wait().unwrap().and_then(|status| status.code());
        (code.or_else(|| self.child.wait().unwrap().code()), stdout, stderr.join("\n"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(from: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let _ = send.send(line);
        }
    });
    receive
}
