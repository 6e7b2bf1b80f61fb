//! A server's process, and waiting until it says that it is ready.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

/// How long a server may take to start on a busy machine.
const START_WITHIN: Duration = Duration::from_secs(120);

/// A running server.
#[derive(Debug)]
pub(crate) struct Process(Child);

impl Process {
    /// Starts a command and waits for a line of its standard error that holds `ready`. All of its output goes to `log`.
    pub(crate) fn start(command: &mut Command, ready: &'static str, log: &Path) -> Result<Self> {
        let program = command.get_program().display().to_string();
        let mut file = File::options().create(true).append(true).open(log)?;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("cannot run `{program}`: is it installed?"))?;
        let errors = child.stderr.take().context("standard error is piped")?;
        let process = Self(child);
        let (say, heard) = mpsc::sync_channel(1);
        std::thread::spawn(move || {
            for line in BufReader::new(errors).lines().map_while(Result::ok) {
                if line.contains(ready) {
                    // Only the first time is waited for.
                    let _ = say.try_send(());
                }
                // A log that cannot be written is no reason to stop reading: the server would block.
                let _ = writeln!(file, "{line}");
            }
        });
        match heard.recv_timeout(START_WITHIN) {
            Ok(()) => Ok(process),
            Err(mpsc::RecvTimeoutError::Timeout) => bail!("`{program}` did not start in time; see {}", log.display()),
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                bail!("`{program}` ended: {}", std::fs::read_to_string(log).unwrap_or_default())
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that was free just now.
pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
