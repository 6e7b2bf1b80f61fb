//! The fields of a log line: names that cannot pass for the host's, values that are JSON.

use serde_json::Value;

use super::text::{cut, inert};

/// Names the host writes itself, and those Airflow's reader takes for its own.
const RESERVED: [&str; 22] = [
    "timestamp",
    "level",
    "event",
    "logger",
    "message",
    "source",
    "filename",
    "lineno",
    "exception",
    "error_detail",
    "chan",
    "ti_id",
    "dag_id",
    "dag_run_id",
    "run_id",
    "task_id",
    "map_index",
    "try_number",
    "trigger_id",
    "job_id",
    "classpath",
    "component",
];
const MOST_NAME: usize = 64;
/// The most fields of one line; the rest is left out.
pub(super) const MOST_FIELDS: usize = 32;

/// Letters, digits and `_`; reserved names get the prefix `guest_`.
pub(super) fn name(given: &str) -> String {
    let plain: String =
        cut(given, MOST_NAME).chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
    if plain.is_empty() || RESERVED.iter().any(|reserved| plain.eq_ignore_ascii_case(reserved)) {
        format!("guest_{plain}")
    } else {
        plain
    }
}

/// JSON text on one line, strings in it inert; text that is not JSON becomes a string.
pub(super) fn value(given: &str) -> String {
    let value = serde_json::from_str(given).unwrap_or_else(|_| Value::String(given.to_owned()));
    made_inert(value).to_string()
}

fn made_inert(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(inert(&text)),
        Value::Array(items) => items.into_iter().map(made_inert).collect(),
        Value::Object(fields) => fields.into_iter().map(|(key, value)| (inert(&key), made_inert(value))).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_host_are_renamed() {
        assert_eq!(name("timestamp"), "guest_timestamp");
        assert_eq!(name("Dag_ID"), "guest_Dag_ID");
        assert_eq!(name("rows read"), "rows_read");
        assert_eq!(name(""), "guest_");
        assert_eq!(name(&"x".repeat(1_000)).len(), MOST_NAME);
    }

    #[test]
    fn values_are_json() {
        assert_eq!(value("3"), "3");
        assert_eq!(value(r#"{"a": [1]}"#), r#"{"a":[1]}"#);
        assert_eq!(value("not json"), r#""not json""#);
        assert_eq!(value("\"a\\nb\""), r#""a\\nb""#);
    }
}
