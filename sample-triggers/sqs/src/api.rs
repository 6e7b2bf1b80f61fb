//! SQS's JSON protocol: one call.
//!
//! The host signs; what is here is the body and the name of the action.

use trigger_host_sdk::Duration;
use trigger_host_sdk::http::retry::transient;
use trigger_host_sdk::http::{self, Request, Response};
use trigger_host_sdk::serde::Deserialize;
use trigger_host_sdk::serde::de::DeserializeOwned;
use trigger_host_sdk::serde_json::Value;

use crate::Queue;

/// Entries of one batch.
pub(crate) const BATCH: usize = 10;
/// For an answer that does not wait for messages.
const WITHIN: Duration = Duration::from_secs(15);

/// Why a call gave nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) what: String,
    pub(crate) passes: bool,
}

/// The answer of a batch call.
#[derive(Debug, Deserialize)]
#[serde(crate = "trigger_host_sdk::serde", rename_all = "PascalCase")]
pub(crate) struct BatchAnswer {
    #[serde(default)]
    pub(crate) failed: Vec<FailedEntry>,
}

/// One entry that was not done.
#[derive(Debug, Deserialize)]
#[serde(crate = "trigger_host_sdk::serde", rename_all = "PascalCase")]
pub(crate) struct FailedEntry {
    /// Its place in the request.
    pub(crate) id: String,
    /// Whether doing the same again is useless.
    #[serde(default)]
    pub(crate) sender_fault: bool,
    #[serde(default)]
    pub(crate) code: String,
}

/// What SQS says of a call it refuses.
#[derive(Debug, Default, Deserialize)]
#[serde(crate = "trigger_host_sdk::serde", default)]
struct Refusal {
    #[serde(rename = "__type")]
    kind: String,
    message: String,
}

impl Queue {
    /// One call, not sent yet.
    pub(crate) fn call(&self, action: &str, body: &Value) -> Request {
        let wait = if action == "ReceiveMessage" { self.wait.as_millis() } else { 0 };
        http::post(origin(&self.queue_url))
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", format!("AmazonSQS.{action}"))
            .connection(self.connection.as_str())
            .timeout(Duration::from_millis(WITHIN.as_millis() + wait))
            .json(body)
    }
}

/// Reads an answer.
pub(crate) fn read<T: DeserializeOwned>(action: &str, answer: Result<Response, http::Error>) -> Result<T, Failure> {
    let passes = transient(&answer).is_some();
    let failed = |what: String, passes| Failure { what: format!("{action}: {what}"), passes };
    let answer = answer.map_err(|error| failed(error.to_string(), passes))?;
    if answer.is_success() {
        return answer.json().map_err(|error| failed(error.to_string(), false));
    }
    let Refusal { kind, message } = answer.json().unwrap_or_default();
    let kind = kind.rsplit('#').next().unwrap_or_default().to_owned();
    let throttled = kind.contains("Throttl") || kind.contains("TooManyRequests") || kind.contains("OverLimit");
    Err(failed(format!("status {} {kind}: {message}", answer.status), passes || throttled))
}

/// Everything before the path: SQS takes every call there.
fn origin(url: &str) -> String {
    let after = url.find("://").map_or(0, |at| at + 3);
    let end = url[after..].find('/').map_or(url.len(), |at| after + at);
    format!("{}/", &url[..end])
}
