//! Files: what survives a killed process, what is refused, and what a full disk does.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use embedded_api::{Config, Database, EmbeddedApi, OpenError};
use serde_json::{Value, json};

use crate::harness::{self, Server};

const DATABASE: &str = "EMBEDDED_API_TEST_DATABASE";

fn on_file(path: &Path) -> Config {
    Config { database: Database::File(path.to_owned()), ..Config::default() }
}

/// Not a test of its own: the process that the next one kills.
#[tokio::test]
#[ignore = "runs as a child process"]
async fn serve_until_killed() {
    #[expect(clippy::disallowed_methods, reason = "the one way to tell a test's child process something")]
    let Ok(path) = std::env::var(DATABASE) else { return };
    let server = EmbeddedApi::open(on_file(Path::new(&path))).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    eprintln!("listening {}", listener.local_addr().unwrap());
    server.serve(listener, std::future::pending()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_event_survives_a_killed_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dev.db");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "durability::serve_until_killed", "--ignored", "--nocapture"])
        .env(DATABASE, &path)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let address =
        lines.map_while(Result::ok).find_map(|line| line.strip_prefix("listening ").map(str::to_owned)).unwrap();
    let address = address.parse().unwrap();
    let defer = r#"[{"classpath": "a.T"}]"#;
    assert_eq!(harness::call(address, "POST", "/dev/defer", &[], Some(defer)).await.unwrap().status, 201);
    let event = r#"{"payload": {"n": 1}}"#;
    let accepted = harness::call(address, "POST", "/execution/triggers/1/event", &[], Some(event)).await.unwrap();
    assert_eq!(accepted.status, 204);
    child.kill().unwrap();
    child.wait().unwrap();

    let server = Server::start(|config| config.database = Database::File(path)).await;
    let events = server.get("/dev/events").await;
    assert_eq!(events["events"][0]["payload"], json!({"n": 1}));
    assert_eq!(server.task("trigger-1").await["state"], "scheduled");
    // Ids go on from where they were, also after the clean-up of all.
    server.post("/execution/triggers/cleanup", Value::Null).await;
    assert_eq!(server.defer(json!([{"classpath": "a.T"}])).await, [2]);
}

#[test]
fn what_is_not_ours_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| -> PathBuf { folder.path().join(name) };
    let error = |path: &Path| {
        let error = EmbeddedApi::open(on_file(path)).unwrap_err();
        assert!(error.to_string().contains(path.file_name().unwrap().to_str().unwrap()), "{error}");
        error
    };
    std::fs::write(path("notes.txt"), "these are notes, long enough to be more than a header of SQLite\n".repeat(20))
        .unwrap();
    assert!(matches!(error(&path("notes.txt")), OpenError::NotSqlite(_)));

    rusqlite::Connection::open(path("other.db")).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    assert!(matches!(error(&path("other.db")), OpenError::Foreign(_)));

    drop(EmbeddedApi::open(on_file(&path("ours.db"))).unwrap());
    rusqlite::Connection::open(path("ours.db")).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
    assert!(matches!(error(&path("ours.db")), OpenError::Version { found: 99, .. }));

    let missing = EmbeddedApi::open(on_file(&path("none").join("dev.db"))).unwrap_err();
    assert!(matches!(&missing, OpenError::NoFolder(folder) if folder.ends_with("none")), "{missing}");
}

/// A full disk is the database's trouble, told as Airflow tells it; what was accepted stays, and the server goes on.
#[tokio::test]
async fn a_full_database_answers_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dev.db");
    let server = Server::start(|config| {
        config.database = Database::File(path);
        config.max_database = Some(300_000);
    })
    .await;
    server.defer(json!([{"classpath": "a.A", "kind": "asset"}])).await;
    let big = "x".repeat(20_000);
    let mut accepted = 0;
    let refused = loop {
        let answer = server.post("/execution/triggers/1/event", json!({"payload": big})).await;
        match answer.status {
            204 => accepted += 1,
            _ => break answer,
        }
    };
    assert_eq!((refused.status, &refused.json()["detail"]["reason"]), (500, &json!("Database error")));
    assert!(accepted > 0);
    assert_eq!(server.get("/execution/health").await, json!({"status": "healthy"}));
    assert_eq!(server.get("/dev/events").await["events"].as_array().unwrap().len(), accepted);
    // Small things may still fit, and a host must go on beating.
    assert_eq!(server.event(1, json!(1)).await, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_writers_at_once_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dev.db");
    let server = Server::start(|config| config.database = Database::File(path)).await;
    let rows: Vec<Value> = (0..200).map(|_| json!({"classpath": "a.T"})).collect();
    let ids = server.defer(rows.into()).await;
    let (one, two) = ids.split_at(100);
    let fire = async |ids: &[i64]| {
        for id in ids {
            assert_eq!(server.event(*id, json!(id)).await, 204);
        }
    };
    tokio::join!(fire(one), fire(two));
    assert_eq!(server.handle.waiting().await.unwrap(), 0);
    assert_eq!(server.get("/dev/events").await["events"].as_array().unwrap().len(), 200);
}
