//! `run`: what it refuses to start with.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;

use program::components::core_module;
use program::folder::Folder;
use program::served::{NO_ADMIN, configured};

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
