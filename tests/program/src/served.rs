//! A host against an embedded API of its own: its configuration, requests to either, and log lines.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use serde_json::Value;

use crate::PATIENCE;
use crate::folder::Folder;
use crate::running::Running;

/// The admin port on one of the system's choosing.
pub const NO_ADMIN: &str = "[admin]\nlisten = \"127.0.0.1:0\"\n";

/// One HTTP exchange; the body of the answer.
pub fn http(method: &str, url: &str, body: &str) -> (u16, String) {
    let rest = url.strip_prefix("http://").unwrap();
    let (authority, path) = rest.split_once('/').unwrap();
    let mut stream = TcpStream::connect(authority).unwrap();
    let head = format!(
        "{method} /{path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\ncontent-type: application/json\r\n"
    );
    write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
}

/// An API, and its URL.
pub fn api(folder: &Folder) -> (Running, String) {
    let api = folder.start(&["api"]);
    let url = api.line();
    (api, url)
}

/// A folder with the configuration of a host of the queue `wasm`; `more` tables come after it.
#[must_use]
pub fn configured(folder: Folder, url: &str, more: &str) -> Folder {
    let text = format!(
        "[api]\nurl = \"{url}\"\n[host]\nqueues = [\"wasm\"]\nload-every = \"50ms\"\nregister-within = \"1ms\"\n\
         [tracing]\nformat = \"json\"\nfilter = \"info,trigger_host=debug\"\n{more}"
    );
    folder.and("trigger-host.toml", text)
}

/// The host's log lines up to the first that holds `part`.
///
/// # Panics
/// It does not come in time, however many other lines do.
pub fn until(host: &Running, part: &str) -> Vec<Value> {
    let deadline = Instant::now() + PATIENCE;
    let mut lines = Vec::new();
    loop {
        let line = host.error_line_before(deadline);
        let line = line.unwrap_or_else(|| panic!("waited in vain for `{part}`; the last line was {:?}", lines.last()));
        lines.push(serde_json::from_str(&line).unwrap_or_default());
        if line.contains(part) {
            return lines;
        }
    }
}
