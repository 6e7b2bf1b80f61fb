//! SQS's JSON protocol: one call.
//!
//! The host signs; what is here is the body and the name of the action.

use trigger_host_sdk::http::{self, Request, Response};
use trigger_host_sdk::serde::Deserialize;
use trigger_host_sdk::serde::de::DeserializeOwned;
use trigger_host_sdk::serde_json::Value;
use trigger_host_sdk::{Duration, Error};

use crate::Sqs;

/// Entries of one batch.
pub(crate) const BATCH: usize = 10;
/// For an answer that does not wait for messages. Less than a third of a call's time, which is what a read leaves.
const WITHIN: Duration = Duration::from_secs(8);

/// Why a call gave nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) what: String,
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::failed(failure.what)
    }
}

/// The answer of a batch call.
#[derive(Debug, Deserialize)]
#[serde(crate = "trigger_host_sdk::serde", rename_all = "PascalCase")]
pub(crate) struct BatchAnswer {
    #[serde(default)]
    pub(crate) failed: Vec<FailedEntry>,
}

impl BatchAnswer {
    /// Whether and how the entry at this place failed.
    pub(crate) fn failed(&self, at: usize) -> Option<&FailedEntry> {
        self.failed.iter().find(|failed| failed.id.parse() == Ok(at))
    }
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

impl Sqs {
    /// One call, not sent yet, which SQS may take so long to answer beyond what it takes anyway.
    pub(crate) fn call(&self, action: &str, body: &Value, wait: Duration) -> Request {
        http::post(origin(&self.queue_url))
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", format!("AmazonSQS.{action}"))
            .connection(self.connection.as_str())
            .timeout(Duration::from_millis(WITHIN.as_millis() + wait.as_millis()))
            .json(body)
    }
}

/// Reads an answer.
pub(crate) fn read<T: DeserializeOwned>(action: &str, answer: Result<Response, http::Error>) -> Result<T, Failure> {
    let failed = |what: String| Failure { what: format!("{action}: {what}") };
    let answer = answer.map_err(|error| failed(error.to_string()))?;
    if answer.is_success() {
        return answer.json().map_err(|error| failed(error.to_string()));
    }
    let Refusal { kind, message } = answer.json().unwrap_or_default();
    let kind = kind.rsplit('#').next().unwrap_or_default();
    Err(failed(format!("status {} {kind}: {message}", answer.status)))
}

/// Whole seconds, as SQS takes them: up to twelve hours.
pub(crate) fn seconds(duration: Duration) -> u64 {
    duration.as_millis().div_ceil(1_000).min(43_200)
}

/// Everything before the path: SQS takes every call there.
fn origin(url: &str) -> String {
    let after = url.find("://").map_or(0, |at| at + 3);
    let end = url[after..].find('/').map_or(url.len(), |at| after + at);
    format!("{}/", &url[..end])
}
