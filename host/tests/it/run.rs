//! `run`: against the embedded API, and against everything that is not one.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use serde_json::{Value, json};

use crate::components::{core_module, samples};
use crate::program::{Folder, Running};

/// One HTTP exchange; the body of the answer.
pub(crate) fn http(method: &str, url: &str, body: &str) -> (u16, String) {
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
pub(crate) fn api(folder: &Folder) -> (Running, String) {
    let api = folder.start(&["api"]);
    let url = api.line();
    (api, url)
}

pub(crate) fn configured(folder: Folder, url: &str, more: &str) -> Folder {
    let text = format!(
        "[api]\nurl = \"{url}\"\n[host]\nqueues = [\"wasm\"]\nload-every = \"50ms\"\nregister-within = \"1ms\"\n\
         [tracing]\nformat = \"json\"\nfilter = \"info,trigger_host=debug\"\n{more}"
    );
    folder.and("trigger-host.toml", text)
}

pub(crate) const NO_ADMIN: &str = "[admin]\nlisten = \"127.0.0.1:0\"\n";

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

/// A host against an API of its own, with one trigger deferred to its queue.
fn running(delta: u64) -> (Folder, Running, String, Running) {
    let folder = samples();
    assert_eq!(folder.run(&["catalog", "lock"]).code, Some(0));
    let (api, url) = api(&folder);
    let folder = configured(folder, &url, NO_ADMIN);
    let body = json!([{"classpath": "demo.Wait", "kwargs": {"delta": delta}, "queue": "wasm"}]).to_string();
    let (status, answer) = http("POST", &url.replace("/execution/", "/dev/defer"), &body);
    assert!(status < 300, "{status} {answer}");
    let host = folder.start(&["run"]);
    (folder, api, url, host)
}

/// The host's log lines up to the first that holds `part`.
pub(crate) fn until(host: &Running, part: &str) -> Vec<Value> {
    let mut lines = Vec::new();
    loop {
        let line = host.error_line();
        lines.push(serde_json::from_str(&line).unwrap_or_default());
        if line.contains(part) {
            return lines;
        }
    }
}

fn waiting(url: &str) -> String {
    http("GET", &url.replace("/execution/", "/dev/waiting"), "").1
}

#[test]
fn claims_fires_and_drains_on_sigterm() {
    let (_folder, _api, url, host) = running(0);
    until(&host, "\"finished\"");
    assert!(waiting(&url).contains('0'), "{}", waiting(&url));
    host.signal("TERM");
    let (code, stdout, rest) = host.end();
    assert_eq!((code, stdout), (Some(0), vec![]), "{rest}");
    let (_, jobs) = http("GET", &url.replace("/execution/", "/dev/jobs"), "");
    assert!(jobs.contains("end_date") || jobs.contains("ended"), "the job is completed: {jobs}");
}

#[test]
fn without_queues_and_team_the_start_warns() {
    for (key, warns) in [("", true), ("queues = [\"wasm\"]\n", false), ("team = \"a\"\n", false)] {
        let folder = Folder::with("triggers.toml", "");
        let (_api, url) = api(&folder);
        let text =
            format!("[api]\nurl = \"{url}\"\n[host]\n{key}{NO_ADMIN}[tracing]\nformat = \"json\"\nfilter = \"info\"\n");
        let folder = folder.and("trigger-host.toml", text);
        let host = folder.start(&["run"]);
        until(&host, "The admin port is listening");
        // Registering and warning are one step, and the first load is after it.
        while !http("GET", &url.replace("/execution/", "/dev/jobs"), "").1.contains("\"job_id\"") {}
        host.signal("TERM");
        let (code, _, rest) = host.end();
        assert_eq!(code, Some(0), "{rest}");
        assert_eq!(rest.contains("No queues and no team are set"), warns, "{key}: {rest}");
    }
}

#[test]
fn a_second_signal_ends_at_once() {
    let (_folder, api, _url, host) = running(3600);
    until(&host, "\"polled\"");
    // Without an API the drain would try for seconds to complete the job.
    api.signal("STOP");
    host.signal("TERM");
    until(&host, "drains");
    host.signal("INT");
    assert_eq!(host.end().0, Some(1));
    api.signal("CONT");
}

#[test]
fn a_bad_catalog_is_refused_and_the_old_one_stays() {
    let (folder, _api, url, host) = running(0);
    until(&host, "\"finished\"");
    let good = std::fs::read_to_string(folder.path("triggers.toml")).unwrap();
    std::fs::write(folder.path("triggers.toml"), format!("{good}\n[[trigger]]\nclasspath = \"demo.New\"\n")).unwrap();
    host.signal("HUP");
    let lines = until(&host, "the old one stays");
    assert!(lines.iter().any(|line| line.to_string().contains("component: missing")), "{lines:?}");
    let added = format!("{good}\n[[trigger]]\nclasspath = \"demo.New\"\ncomponent = \"time_delta.wasm\"\n");
    std::fs::write(folder.path("triggers.toml"), added).unwrap();
    assert_eq!(folder.run(&["catalog", "lock"]).code, Some(0));
    host.signal("HUP");
    until(&host, "The catalog was read again.");
    let body = json!([{"classpath": "demo.New", "kwargs": {"delta": 0}, "queue": "wasm"}]).to_string();
    http("POST", &url.replace("/execution/", "/dev/defer"), &body);
    let lines = until(&host, "\"finished\"");
    assert!(lines.iter().any(|line| line.to_string().contains("\"fired\"")), "{lines:?}");
}

#[test]
fn the_admin_port_answers() {
    let (_folder, _api, _url, host) = running(3600);
    let lines = until(&host, "The admin port is listening");
    let address = lines.last().unwrap()["fields"]["address"].as_str().unwrap().to_owned();
    until(&host, "\"polled\"");
    let (status, health) = http("GET", &format!("http://{address}/health"), "");
    // Which of the two depends on whether the first look at the supervisor was before the question.
    assert!(status == 200 && (health.starts_with("ok") || health.starts_with("starting")), "{status} {health}");
    assert!((0..10_000).any(|_| http("GET", &format!("http://{address}/ready"), "").0 == 200), "never ready");
    let (status, metrics) = http("GET", &format!("http://{address}/metrics"), "");
    assert_eq!(status, 200);
    assert!(metrics.contains("trigger_host_"), "{metrics}");
}

#[test]
fn a_token_that_the_api_refuses_is_exit_3() {
    let folder = Folder::with("triggers.toml", "").and("secret", "a".repeat(64)).and("other", "b".repeat(64));
    let api = folder.start(&["api", "--jwt-secret-file", "secret"]);
    let url = api.line();
    let folder = configured(folder, &url, NO_ADMIN).env("TRIGGER_HOST__API__JWT_SECRET_FILE", "other");
    let ran = folder.run(&["run"]);
    assert_eq!(ran.code, Some(3), "{}", ran.said());
    assert!(ran.stderr.lines().last().unwrap().contains("rejects the token"), "{}", ran.stderr);
    assert!(!ran.stderr.contains(&"b".repeat(64)));
}
