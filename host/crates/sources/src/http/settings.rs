//! `[sources.NAME]` of kind `http`, and what a trigger may add.

use std::time::Duration;

use serde::Deserialize;
use trigger_host_types::ConnId;

use crate::duration;

/// The operator's settings. The caller makes the grant for [`Exchange`](crate::Exchange) of them: `GET` of `url`'s path at its origin (and
/// `POST` of `acknowledge`'s), with `connection` and `private`, at most `max-response` bytes within `wait` and 10 s.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// Where batches are got; may have a query.
    pub url: String,
    /// Airflow connection whose credential is added.
    #[serde(default)]
    pub connection: Option<ConnId>,
    /// Whether addresses that are not public may be dialled.
    #[serde(default)]
    pub private: bool,
    /// Query parameter that carries the cursor.
    #[serde(default = "cursor_parameter")]
    pub cursor_parameter: String,
    /// JSON pointer of the array of raw events in an answer.
    #[serde(default = "events")]
    pub events: String,
    /// JSON pointer of the cursor in an answer, a text or a number. An answer without one leaves it as it was.
    #[serde(default = "cursor")]
    pub cursor: String,
    /// Where the cursor up to which all is settled is posted, at the same origin. Without it the stream is not acknowledged.
    #[serde(default)]
    pub acknowledge: Option<String>,
    /// How long the server may keep a request open.
    #[serde(default = "wait", deserialize_with = "duration::read")]
    pub wait: Duration,
    /// Wait before the next request after an empty answer that came at once.
    #[serde(default = "pause", deserialize_with = "duration::read")]
    pub pause: Duration,
}

fn cursor_parameter() -> String {
    "cursor".to_owned()
}

fn events() -> String {
    "/events".to_owned()
}

fn cursor() -> String {
    "/cursor".to_owned()
}

fn wait() -> Duration {
    Duration::from_secs(30)
}

fn pause() -> Duration {
    Duration::from_secs(1)
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), (&'static str, String)> {
        for (key, pointer) in [("events", &self.events), ("cursor", &self.cursor)] {
            if !pointer.is_empty() && !pointer.starts_with('/') {
                return Err((key, format!("`{pointer}` is not a JSON pointer: write it like \"/events\"")));
            }
        }
        if self.cursor_parameter.is_empty() {
            return Err(("cursor-parameter", "the name is empty".to_owned()));
        }
        for (key, value) in [("wait", self.wait), ("pause", self.pause)] {
            if value < Duration::from_millis(10) || value > Duration::from_secs(600) {
                return Err((key, "write a duration from \"10ms\" to \"10m\"".to_owned()));
            }
        }
        Ok(())
    }
}
