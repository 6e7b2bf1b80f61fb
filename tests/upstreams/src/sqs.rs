//! One server that speaks SQS, in memory: moto's.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::process::{Process, free_port};

/// Which program is the server.
const SERVER: &str = "SQS_SERVER";

/// See the module. What it holds goes with it.
#[derive(Debug)]
pub struct Sqs {
    port: u16,
    _folder: TempDir,
    _process: Process,
}

impl Sqs {
    /// Starts a server.
    ///
    /// # Errors
    /// `SQS_SERVER` is not set, or the server does not start.
    pub fn start() -> Result<Self> {
        let server = std::env::var_os(SERVER).map(PathBuf::from);
        let server = server.with_context(|| format!("{SERVER} is not set: run `cargo xtask broker-test`"))?;
        let (folder, port) = (tempfile::tempdir()?, free_port()?);
        let mut command = Command::new(server);
        command.current_dir(folder.path()).args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        let process = Process::start(&mut command, "Running on", &folder.path().join("server.log"))?;
        Ok(Self { port, _folder: folder, _process: process })
    }

    /// Its endpoint.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}
