//! One HTTP exchange with a program on this machine. A whole client would make every `cargo xtask` build a minute
//! longer.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

const WITHIN: Duration = Duration::from_secs(10);

/// `GET` of JSON.
pub(crate) fn get(url: &str) -> Result<Value> {
    exchange("GET", url, "")
}

/// `POST` of JSON; an empty answer is null.
pub(crate) fn post(url: &str, body: &Value) -> Result<Value> {
    exchange("POST", url, &body.to_string())
}

fn exchange(method: &str, url: &str, body: &str) -> Result<Value> {
    let rest = url.strip_prefix("http://").with_context(|| format!("`{url}` is not an http URL"))?;
    let (address, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut stream = TcpStream::connect(address).with_context(|| format!("connect to {address}"))?;
    stream.set_read_timeout(Some(WITHIN))?;
    // HTTP/1.0: the answer ends with the connection, in one piece.
    write!(
        stream,
        "{method} /{path} HTTP/1.0\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).with_context(|| format!("{method} {url}"))?;
    let (head, body) =
        answer.split_once("\r\n\r\n").with_context(|| format!("{method} {url}: the answer is cut off"))?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    if !status.starts_with('2') {
        bail!("{method} {url}: status {status}: {body}");
    }
    if body.is_empty() {
        Ok(Value::Null)
    } else {
        serde_json::from_str(body).with_context(|| format!("{method} {url}"))
    }
}
