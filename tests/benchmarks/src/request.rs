//! Single requests to a server on this machine, over a connection each: what is said before anything is measured.

use anyhow::{Context as _, Result, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Host and port of a URL.
pub(crate) fn authority(url: &str) -> Result<&str> {
    url.strip_prefix("http://").and_then(|rest| rest.split('/').next()).context("not an http URL")
}

/// Sends JSON to a path of the server at a URL; it has to accept it.
pub(crate) async fn send(method: &str, url: &str, path: &str, body: &str) -> Result<()> {
    let address = authority(url)?;
    let mut stream = TcpStream::connect(address).await?;
    let head = format!(
        "{method} /{path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + body).as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    ensure!(answer.starts_with("HTTP/1.1 2"), "the server refused {path}: {answer}");
    Ok(())
}
