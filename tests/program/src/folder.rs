//! A folder of files, and commands that run in it.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;

use serde_json::Value;
use tempfile::TempDir;

use crate::PATIENCE;
use crate::running::Running;

/// A folder, and the program in it.
#[derive(Debug)]
pub struct Folder {
    /// Goes with the value.
    pub folder: TempDir,
    environment: Vec<(String, String)>,
}

/// What a run came to. Paths of the folder are cut out of the texts.
#[derive(Debug)]
pub struct Ran {
    /// The exit code; none after a signal.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Default for Folder {
    fn default() -> Self {
        Self::new()
    }
}

impl Folder {
    /// An empty one.
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), environment: Vec::new() }
    }

    /// One that holds a file.
    #[must_use]
    pub fn with(name: &str, text: &str) -> Self {
        Self::new().and(name, text)
    }

    /// Writes a file.
    #[must_use]
    pub fn and(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        fs::write(self.path(name), content).unwrap();
        self
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Where a file of this name is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs it to its end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = self.command(crate::host());
        command.args(arguments);
        self.finish(command)
    }

    /// The program `program` with the environment of these tests.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = crate::command(program, self.folder.path());
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.env("PATH", path).envs(self.environment.iter().cloned());
        command
    }

    /// Runs any command to its end.
    pub fn finish(&self, mut command: Command) -> Ran {
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
    pub fn start(&self, arguments: &[&str]) -> Running {
        let mut command = self.command(crate::host());
        command.args(arguments);
        Running::start(command)
    }

    fn cut(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.folder.path().display()), "")
    }
}

impl Ran {
    /// Everything, for a snapshot.
    pub fn said(&self) -> String {
        format!("exit {:?}\n--- stdout\n{}--- stderr\n{}", self.code.unwrap_or(-1), self.stdout, self.stderr)
    }

    /// The objects of `--output json`: every line must be one.
    pub fn objects(&self) -> Vec<Value> {
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
