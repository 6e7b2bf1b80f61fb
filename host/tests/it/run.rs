//! `run`: against the embedded API, and against everything that is not one.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use serde_json::{Value, json};

use crate::components::{core_module, samples};
use crate::program::{Folder, Running};

/// One HTTP exchange; the body of the answer.
fn http(method: &str, url: &str, body: &str) -> (u16, String) {
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
fn api(folder: &Folder) -> (Running, String) {
    let api = folder.start(&["api"]);
    let url = api.line();
    (api, url)
}

fn configured(folder: Folder, url: &str, more: &str) -> Folder {
    let text = format!(
        "[api]\nurl = \"{url}\"\n[host]\nqueues = [\"wasm\"]\nload-every = \"50ms\"\nregister-within = \"1ms\"\n\
         [tracing]\nformat = \"json\"\nfilter = \"info,trigger_host=debug\"\n{more}"
    );
    folder.and("trigger-host.toml", text)
}

const NO_ADMIN: &str = "[admin]\nlisten = \"127.0.0.1:0\"\n";

#[test]
fn everything_wrong_at_the_start_is_reported_at_once() {
    let folder = Folder::with(
        "trigger-host.toml",
        "[host]\ncapacity = \"many\"\ncatalog = \"c.toml\"\n[admin]\nlisten = \"127.0.0.1:0\"\n",
    )
    .and("c.toml", "[[trigger]]\nclasspath = \"demo.Core\"\ncomponent = \"core.wasm\"\n")
    .and("core.wasm", core_module());
    insta::assert_snapshot!(folder.run(&["run"]).said());
}

#[test]
fn nobody_there_is_exit_3() {
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/execution/", holder.local_addr().unwrap());
    drop(holder);
    let ran = configured(Folder::with("triggers.toml", ""), &url, NO_ADMIN).run(&["run"]);
    assert_eq!(ran.code, Some(3), "{}", ran.said());
    let last = ran.stderr.lines().last().unwrap();
    assert!(last.starts_with("error: ") && last.contains("cannot reach the Execution API"), "{}", ran.stderr);
}

#[test]
fn something_else_at_that_port_is_exit_3() {
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/execution/", holder.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in holder.incoming().map_while(Result::ok) {
            let mut reader = BufReader::new(&stream);
            let mut line = String::new();
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                line.clear();
            }
            let page = "<html>hello</html>";
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n";
            let _ = write!(&stream, "{head}content-length: {}\r\n\r\n{page}", page.len());
        }
    });
    let ran = configured(Folder::with("triggers.toml", ""), &url, NO_ADMIN).run(&["run"]);
    assert_eq!(ran.code, Some(3), "{}", ran.said());
    let last = ran.stderr.lines().last().unwrap();
    assert!(last.starts_with("error: ") && last.contains("not an Execution API"), "{}", ran.stderr);
}

#[test]
fn an_admin_port_in_use_is_exit_2() {
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let admin = format!("[admin]\nlisten = \"{}\"\n", holder.local_addr().unwrap());
    let ran = configured(Folder::with("triggers.toml", ""), "http://127.0.0.1:1/", &admin).run(&["run"]);
    assert_eq!(ran.code, Some(2), "{}", ran.said());
    assert!(ran.stderr.contains("trigger-host.toml:11: admin.listen: cannot listen on"), "{}", ran.stderr);
}
