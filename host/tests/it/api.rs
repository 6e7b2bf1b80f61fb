//! `api`.

use std::net::TcpListener;

use serde_json::Value;

use program::folder::Folder;

#[test]
fn says_where_it_listens_and_ends_on_sigterm() {
    let folder = Folder::new();
    let api = folder.start(&["api", "--output", "json"]);
    let said: Value = serde_json::from_str(&api.line()).unwrap();
    let url = said["url"].as_str().unwrap();
    assert!(url.starts_with("http://127.0.0.1:") && url.ends_with("/execution/"), "{url}");
    api.signal("TERM");
    let (code, rest, stderr) = api.end();
    assert_eq!((code, rest, stderr.as_str()), (Some(0), vec![], ""));
}

#[test]
fn a_port_in_use_is_told() {
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = holder.local_addr().unwrap().to_string();
    for command in ["api", "dev"] {
        let folder = Folder::with("triggers.toml", "");
        let ran = folder.run(&[command, "--listen", &address]);
        let expected = "error: --listen: cannot listen on ADDRESS: free the port or choose another one: ";
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{command}");
        assert!(ran.stderr.replace(&address, "ADDRESS").starts_with(expected), "{command}: {}", ran.stderr);
    }
}

#[test]
fn a_database_that_is_none_is_told() {
    let folder = Folder::with("notes.txt", &"not a database ".repeat(100));
    let said = ["notes.txt", "no/where.db", "postgresql://127.0.0.1/airflow", "sqlite:"]
        .map(|db| folder.run(&["api", "--db", db]).said());
    insta::assert_snapshot!(said.join("\n"));
}
