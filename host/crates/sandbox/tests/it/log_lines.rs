//! The log: bounded, inert, and never the host's own words.

use sandbox::Limits;
use serde_json::json;
use trigger_host_types::log::{Level, Source};

use crate::support::poll;

const BUSY: std::time::Duration = std::time::Duration::from_secs(5);

#[tokio::test]
async fn lines_come_with_level_fields_and_source() {
    let kwargs = json!({
        "do": "log", "message": "a\n{\"event\": \"forged\"}\u{1b}[2J", "fields": {"rows read": "3", "dag_id": "\"x\"", "odd": "not json"},
        "stdout": "one\n", "stderr": "bad\r\nrest",
    });
    let (_, witness) = poll(kwargs, Limits::default()).await;
    let lines = witness.lines.lock();
    assert_eq!(lines[0].message, "a\\n{\"event\": \"forged\"}\\u{1b}[2J");
    assert_eq!((lines[0].level, lines[0].source), (Level::Warning, Source::Guest));
    let mut fields = lines[0].fields.clone();
    fields.sort();
    let expected = [("guest_dag_id", "\"x\""), ("odd", "\"not json\""), ("rows_read", "3")];
    assert_eq!(fields, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let rest: Vec<_> = lines[1..].iter().map(|line| (line.message.as_str(), line.source)).collect();
    assert!(rest.contains(&("one", Source::Stdout)) && rest.contains(&("bad", Source::Stderr)), "{rest:?}");
    // Without a line end: written when the call is over.
    assert_eq!(rest.last(), Some(&("rest", Source::Stderr)));
}

#[tokio::test]
async fn a_message_is_cut() {
    let (_, witness) = poll(json!({"do": "log", "message": "é".repeat(20_000)}), Limits::default()).await;
    assert_eq!(witness.lines.lock()[0].message.len(), 16 << 10);
}

#[tokio::test]
async fn a_flood_of_lines_is_counted_not_kept() {
    for choice in ["log-flood", "stdout-flood"] {
        let limits = Limits { cpu: BUSY, log_bytes: 1_000, ..Limits::default() };
        let (ended, witness) = poll(json!({"do": choice, "count": 5_000}), limits).await;
        let kept: usize = witness.lines.lock().iter().map(|line| line.message.len()).sum();
        assert!(kept <= 1_000, "{kept}");
        assert_eq!(witness.lines.lock().len() as u32 + ended.used.log_lines_dropped, 5_000, "{choice}");
        assert!(ended.result.is_ok());
    }
}

#[tokio::test]
async fn a_flood_of_short_lines_is_bounded_too() {
    let limits = Limits { cpu: BUSY, log_bytes: 1 << 20, ..Limits::default() };
    let (ended, witness) = poll(json!({"do": "log-flood", "count": 3_000}), limits).await;
    assert_eq!(witness.lines.lock().len(), 1_000);
    assert_eq!(ended.used.log_lines_dropped, 2_000);
}
