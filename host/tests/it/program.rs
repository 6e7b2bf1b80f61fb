//! Runs the program in a folder of its own, without this process's environment, and never for longer than a minute.

use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// No command of these tests takes nearly so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A folder, and the program in it.
pub(crate) struct Folder {
    pub(crate) folder: TempDir,
    environment: Vec<(String, String)>,
}

/// What a run came to. Paths of the folder are cut out of the texts.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), environment: Vec::new() }
    }

    pub(crate) fn with(name: &str, text: &str) -> Self {
        Self::new().and(name, text)
    }

    /// Writes a file.
    pub(crate) fn and(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        fs::write(self.path(name), content).unwrap();
        self
    }

    /// Sets a variable.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = self.command(Path::new(env!("CARGO_BIN_EXE_trigger-host")));
        command.args(arguments);
        self.finish(command)
    }

    /// The program `program` with the environment of these tests.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            // One cache for all tests: each component is compiled once.
            .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs any command to its end.
    pub(crate) fn finish(&self, mut command: Command) -> Ran {
        let mut child = command.spawn().unwrap();
        let (stdout, stderr) = (read(child.stdout.take().unwrap()), read(child.stderr.take().unwrap()));
        let texts = stdout.recv_timeout(PATIENCE).and_then(|out| Ok((out, stderr.recv_timeout(PATIENCE)?)));
        let Ok((stdout, stderr)) = texts else {
            let _ = child.kill();
            panic!("still running after {PATIENCE:?}: {command:?}");
        };
        let code = child.wait().unwrap().code();
        Ran { code, stdout: self.cut(&stdout), stderr: self.cut(&stderr) }
    }

    /// Starts it and leaves it running.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        let mut command = self.command(Path::new(env!("CARGO_BIN_EXE_trigger-host")));
        let mut child = command.args(arguments).spawn().unwrap();
        let error_lines = lines(child.stderr.take().unwrap());
        let lines = lines(child.stdout.take().unwrap());
        Running { child, lines, error_lines }
    }

    fn cut(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.folder.path().display()), "")
    }
}

/// A program that is running.
pub(crate) struct Running {
    child: Child,
    lines: mpsc::Receiver<String>,
    error_lines: mpsc::Receiver<String>,
}

impl Running {
    /// The next line of standard output.
    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("a line of standard output")
    }

    /// The next line of standard error.
    pub(crate) fn error_line(&self) -> String {
        self.error_lines.recv_timeout(PATIENCE).expect("a line of standard error")
    }

    /// Sends a signal by name.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Ends it as a power cut would; what it had said last on standard error.
    pub(crate) fn kill(&mut self) -> String {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let said: Vec<String> = self.error_lines.iter().collect();
        said[said.len().saturating_sub(60)..].join("\n")
    }

    /// Waits for its end: the code, and what was not read of standard output and standard error.
    pub(crate) fn end(mut self) -> (Option<i32>, Vec<String>, String) {
        let until = std::time::Instant::now() + PATIENCE;
        let rest = |lines: &mpsc::Receiver<String>| {
            let mut rest = Vec::new();
            while let Ok(line) = lines.recv_timeout(until.saturating_duration_since(std::time::Instant::now())) {
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

impl Ran {
    /// Everything, for a snapshot.
    pub(crate) fn said(&self) -> String {
        format!("exit {:?}\n--- stdout\n{}--- stderr\n{}", self.code.unwrap_or(-1), self.stdout, self.stderr)
    }

    /// The objects of `--output json`: every line must be one.
    pub(crate) fn objects(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
    }
}

fn read(mut from: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes);
        let _ = send.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receive
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
