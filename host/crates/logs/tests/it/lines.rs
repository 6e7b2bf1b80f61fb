//! The lines of the host, read as Airflow's UI reads them.

use logs::Note;
use serde_json::{Value, json};
use trigger_host_types::log::{Level, Line, Source};

use crate::fixture::{Logs, fixture, task};

/// The rules of the reader behind the UI (docs/design/encodings.md#log-lines); none for a line that is dropped.
fn read(line: &str) -> Option<Value> {
    if line.is_empty() {
        return None;
    }
    Some(structured(line).unwrap_or_else(|| {
        let first = line.split(' ').next().unwrap_or_default();
        json!({"timestamp": time(&json!(first)), "event": line})
    }))
}

fn structured(line: &str) -> Option<Value> {
    let mut object = serde_json::from_str::<Value>(&line.replace(": NaN", ": null")).ok()?;
    object.get("event")?.as_str()?;
    let read = match object.get("timestamp") {
        None | Some(Value::Null) => Value::Null,
        Some(given) => Some(time(given)).filter(|time| !time.is_null())?,
    };
    object["timestamp"] = read;
    Some(object)
}

/// The time, cut to microseconds, as the reader's own JSON shows it.
fn time(given: &Value) -> Value {
    let at = match given {
        Value::String(text) => text.parse::<jiff::Timestamp>().ok(),
        number => number.as_i64().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok()),
    };
    let at = at.and_then(|at| jiff::Timestamp::from_microsecond(at.as_microsecond()).ok());
    json!(at.map(|at| at.to_string()))
}

#[test]
fn these_rules_are_the_recorded_ones() {
    for recorded in fixture("log_lines.json")["lines"].as_array().unwrap() {
        let line = recorded["line"].as_str().unwrap();
        assert_eq!(read(line), Some(recorded["parsed"].clone()).filter(|parsed| !parsed.is_null()), "{line}");
    }
}

#[test]
fn the_hosts_lines_are_read_whole_and_begin_as_airflows_do() {
    let recorded = fixture("log_lines.json");
    let logs = Logs::new();
    let fields = [("n", "3"), ("f", "1.5"), ("none", "null"), ("nested", "{\"a\":[1]}")];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let message = "odd text: \u{17c}\u{f3}\u{142}\u{107} \u{2028} tab\t".to_owned();
    logs.logs
        .host(task(), Note { level: Level::Info, event: "trigger d/r/t/-1/1 (ID 3) starting".into(), fields: vec![] });
    logs.logs.guest(task(), Line { level: Level::Warning, message, fields, source: Source::Guest });
    let text = logs.text(recorded["relative_path"].as_str().unwrap());
    let (ours, airflows): (Vec<&str>, Vec<&Value>) =
        (text.lines().collect(), recorded["lines"].as_array().unwrap().iter().collect());
    assert_eq!(ours.len(), 2);
    let mut last = String::new();
    for (ours, airflows) in ours.iter().zip(airflows) {
        // Byte for byte up to what Airflow has not: the keys in their order, the form of the values.
        let after_time = |line: &str| line["{\"timestamp\":\"2026-11-20T12:02:28.889904Z\"".len()..].to_owned();
        let (own, recorded) = (after_time(ours), after_time(airflows["line"].as_str().unwrap()));
        let bound = recorded.split(",\"n\"").next().unwrap().trim_end_matches('}');
        assert!(own.starts_with(bound), "{own}\n{bound}");
        let time = ours.split('"').nth(3).unwrap().to_owned();
        assert!(time.starts_with("2026-11-20T12:02:28.") && time > last, "lines keep their order: {time}");
        last = time;
        let mut read = read(ours).unwrap();
        read.as_object_mut().unwrap().remove("logger").unwrap();
        read["timestamp"] = airflows["parsed"]["timestamp"].clone();
        assert_eq!(read, airflows["parsed"]);
    }
}

#[test]
fn secrets_are_taken_out_of_text_fields_and_names() {
    let logs = Logs::new();
    logs.masker.remember(&"x.Y".into(), "s3cr\"et");
    let fields = vec![("got".to_owned(), "[\"s3cr\\\"et\"]".to_owned()), ("s3cr\"et".to_owned(), "1".to_owned())];
    let message = "it is s3cr\"et or s3cr%22et".to_owned();
    logs.logs.guest(task(), Line { level: Level::Info, message, fields, source: Source::Stdout });
    let fields = vec![("result", json!("{\"a\":\"s3cr\\\"et\"}"))];
    logs.logs.host(task(), Note { level: Level::Error, event: "failed: s3cr\"et".into(), fields });
    let text = logs.text("dag_id=d/run_id=r/task_id=t/attempt=1.log.trigger.7.log");
    assert!(!text.contains("s3cr"), "{text}");
    let lines: Vec<Value> = text.lines().map(|line| read(line).unwrap()).collect();
    assert_eq!((&lines[0]["event"], &lines[0]["got"]), (&json!("it is *** or ***"), &json!(["***"])));
    assert_eq!(lines[1]["result"], json!("{\"a\":\"***\"}"));
}
