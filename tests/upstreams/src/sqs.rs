//! One server that speaks SQS, in memory: moto's.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
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

    /// One call of SQS's JSON protocol, as a client beside the host. Of the signature, this server looks at the region
    /// and the service alone.
    ///
    /// # Errors
    /// It is refused.
    pub fn ask(&self, action: &str, body: &str) -> Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        write!(
            stream,
            "POST / HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\ncontent-type: application/x-amz-json-1.0\r\n\
             x-amz-target: AmazonSQS.{action}\r\nauthorization: AWS4-HMAC-SHA256 \
             Credential=none/20260101/eu-west-1/sqs/aws4_request, SignedHeaders=host, Signature=none\r\n\
             content-length: {length}\r\n\r\n{body}",
            port = self.port,
            length = body.len(),
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").context("the answer is not HTTP")?;
        ensure!(head.split(' ').nth(1) == Some("200"), "{action}: {answer}");
        Ok(body.to_owned())
    }
}
