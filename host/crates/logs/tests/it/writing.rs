//! Files: where they are, how large they become, and what the file system may do to them.

use std::os::unix::fs::symlink;
use std::time::Duration;

use logs::{Note, Task};
use trigger_host_types::log::{Level, Line, Source};

use crate::fixture::{Logs, task};

const PATH: &str = "dag_id=d/run_id=r/task_id=t/attempt=1.log.trigger.7.log";

fn guest(text: &str) -> Line {
    Line { level: Level::Info, message: text.into(), fields: vec![], source: Source::Guest }
}

fn host(text: &str) -> Note {
    Note { level: Level::Info, event: text.into(), fields: vec![] }
}

#[test]
fn the_apis_path_wins_and_a_bad_one_harms_nobody() {
    let logs = Logs::new();
    let at = |path: &str| Task { log_path: Some(path.into()), ..task() };
    for bad in ["../out.log", "/tmp/out.log", "a/../../out.log", "", "a\0b"] {
        logs.logs.guest(at(bad), guest("lost"));
    }
    let outer =
        Task { instance: trigger_host_types::TaskInstance { dag_id: "../../x".into(), ..task().instance }, ..task() };
    logs.logs.guest(outer, guest("lost"));
    logs.logs.guest(at("team/a b.log"), guest("kept"));
    assert!(logs.text("team/a b.log.trigger.7.log").contains("kept"));
    let here: Vec<_> = std::fs::read_dir(logs.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(here, ["team"], "nothing else was made");
}

#[test]
fn a_file_goes_on_where_it_ended() {
    let logs = Logs::new();
    logs.logs.guest(task(), guest("first"));
    logs.text(PATH);
    // As a crash in the middle of a line leaves it.
    let half = format!("{}{{\"timestamp\":\"2026", logs.text(PATH));
    std::fs::write(logs.path(PATH), half).unwrap();
    logs.logs.guest(task(), guest("second"));
    let text = logs.text(PATH);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(lines[2].contains("second") && serde_json::from_str::<serde_json::Value>(lines[2]).is_ok());
    std::fs::remove_file(logs.path(PATH)).unwrap();
    logs.logs.guest(task(), guest("third"));
    assert_eq!(logs.text(PATH).lines().count(), 1, "a file that was deleted is made anew");
}

#[test]
fn a_full_file_says_so_once_and_keeps_room_for_the_host() {
    let logs = Logs::with(10_000);
    for n in 0..200 {
        logs.logs.guest(task(), guest(&format!("line {n}: {}", "x".repeat(100))));
    }
    logs.text(PATH);
    logs.logs.guest(task(), guest("after"));
    logs.logs.host(task(), host("Trigger stopped"));
    let text = logs.text(PATH);
    assert!(text.len() < 11_000, "{}", text.len());
    assert_eq!(text.matches("This log is full").count(), 1);
    assert!(!text.contains("\"after\"") && text.contains("line 0") && text.contains("Trigger stopped"));
}

#[test]
fn a_file_system_that_refuses_harms_no_other_file() {
    let logs = Logs::new();
    let outside = tempfile::tempdir().unwrap();
    symlink(outside.path(), logs.path("dag_id=d")).unwrap();
    logs.logs.guest(task(), guest("refused"));
    let other = Task { log_path: Some("other.log".into()), ..task() };
    logs.logs.guest(other, guest("kept"));
    assert!(logs.text("other.log.trigger.7.log").contains("kept"));
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0);
}

#[test]
fn many_lines_at_once_are_kept_in_order_or_dropped_but_never_waited_for() {
    let logs = Logs::with(1 << 30);
    for n in 0..20_000 {
        logs.logs.guest(task(), guest(&format!("n={n}")));
    }
    let text = logs.text(PATH);
    let numbers: Vec<u32> = text
        .lines()
        .map(|line| line.split("\"n=").nth(1).unwrap().split('"').next().unwrap().parse().unwrap())
        .collect();
    assert_eq!(numbers.len(), 20_000);
    assert!(numbers.is_sorted());
    assert!(logs.logs.flush(Duration::from_secs(1)), "an empty queue is written");
}
