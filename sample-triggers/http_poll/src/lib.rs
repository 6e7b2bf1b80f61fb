//! Asks a URL again and again until the answer says what was waited for.
//!
//! | kwarg | type | default | meaning |
//! | --- | --- | --- | --- |
//! | `url` | text | | what to ask |
//! | `method` | text | `GET` | how |
//! | `headers` | object of texts | none | sent with every request |
//! | `body` | JSON | none | sent with every request |
//! | `connection` | text | none | the Airflow connection whose credential the host adds |
//! | `interval` | duration | 60 s | how long to wait between two requests |
//! | `timeout` | duration | the grant's | for one answer |
//! | `until` | condition | a status of 200 to 299 | fires when it holds |
//! | `fail_when` | condition | never | fails the trigger when it holds; looked at before `until` |
//! | `pending_status` | list of numbers | `[404]` | statuses that mean "not yet" |
//! | `max_errors` | number | 10 | how many transient failures in a row (no answer, 429, 5xx) are tolerated, with growing waits |
//!
//! A condition is an object of `status` (a number), `pointer` (a JSON pointer into the body: something is there),
//! `equals` and `one_of` (with `pointer`: what is there); all that are given must hold. Without `status` the answer
//! must have a status of 200 to 299. Any other status of 400 and above fails the trigger.
//!
//! The payload is `{"status": 200, "body": ..}`, with the body as JSON where it is JSON, else as text.

mod condition;

use std::collections::BTreeMap;

use condition::Condition;
use trigger_host_sdk::http::retry::{Backoff, transient};
use trigger_host_sdk::http::{self, Response};
use trigger_host_sdk::prelude::*;
use trigger_host_sdk::serde_json::{Value, json};
use trigger_host_sdk::{to_neutral, to_plain};

/// Asks a URL until the answer says what was waited for.
#[trigger]
struct HttpPoll {
    /// What to ask.
    url: String,
    /// How to ask.
    #[serde(default = "get")]
    method: String,
    /// Sent with every request.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// Sent with every request, as JSON.
    body: Option<Value>,
    /// The Airflow connection whose credential the host adds.
    connection: Option<String>,
    /// How long to wait between two requests.
    #[serde(default = "a_minute")]
    interval: Duration,
    /// For one answer; the grant's own limit otherwise.
    timeout: Option<Duration>,
    /// Fires when it holds.
    #[serde(default)]
    until: Condition,
    /// Fails the trigger when it holds.
    fail_when: Option<Condition>,
    /// Statuses that mean "not yet".
    #[serde(default = "not_found")]
    pending_status: Vec<u16>,
    /// How many transient failures in a row are tolerated.
    #[serde(default = "ten")]
    max_errors: u32,
}

fn get() -> String {
    "GET".to_owned()
}

const fn a_minute() -> Duration {
    Duration::from_secs(60)
}

fn not_found() -> Vec<u16> {
    vec![404]
}

const fn ten() -> u32 {
    10
}

/// What lives on between two polls.
#[checkpoint]
struct Progress {
    /// Transient failures in a row.
    errors: u32,
}

impl Trigger for HttpPoll {
    type Checkpoint = Progress;

    fn check(&self) -> Result<()> {
        self.until.check("until")?;
        self.fail_when.as_ref().map_or(Ok(()), |condition| condition.check("fail_when"))
    }

    fn poll(&self, _: &Context, progress: Option<Progress>) -> Result<Outcome<Progress>> {
        let errors = progress.map_or(0, |progress| progress.errors);
        let answer = self.ask();
        // What was waited for may be a status that is a failure elsewhere.
        if let Ok(response) = &answer
            && let Some(outcome) = self.decide(response)?
        {
            return Ok(outcome);
        }
        if let Some(why) = transient(&answer) {
            let backoff = Backoff { most: self.max_errors, ..Backoff::default() };
            let wait = backoff.bear(errors + 1, &why, &answer)?;
            return Ok(Outcome::again_after(wait).checkpoint(Progress { errors: errors + 1 }));
        }
        let status = answer?.status;
        debug!("Not yet", status = status);
        let again = Outcome::again_after(self.interval);
        // Storing a checkpoint costs a request to the API: only when it changes.
        Ok(if errors > 0 { again.checkpoint(Progress { errors: 0 }) } else { again })
    }
}

impl HttpPoll {
    fn ask(&self) -> Result<Response, http::Error> {
        let mut request = http::request(self.method.as_str(), self.url.as_str())
            .headers(&self.headers)
            .connection(self.connection.as_deref());
        if let Some(body) = &self.body {
            request = request.json(&to_plain(body.clone()));
        }
        if let Some(limit) = self.timeout {
            request = request.timeout(limit);
        }
        request.send()
    }

    /// The end, if this answer is one.
    fn decide(&self, response: &Response) -> Result<Option<Outcome<Progress>>> {
        let body: Option<Value> = response.json().ok();
        if self.fail_when.as_ref().is_some_and(|condition| condition.holds(response, body.as_ref())) {
            let error =
                Error::failed(format!("the answer with status {} meets the condition `fail_when`", response.status));
            return Err(error.detail(response.status_error().body));
        }
        if self.until.holds(response, body.as_ref()) {
            let body = body.unwrap_or_else(|| Value::String(response.text().into_owned()));
            return Ok(Some(Outcome::fire(json!({"status": response.status, "body": to_neutral(body)}))));
        }
        let passes = self.pending_status.contains(&response.status) || transient(&Ok(response.clone())).is_some();
        if response.status >= 400 && !passes {
            return Err(response.status_error().into());
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
