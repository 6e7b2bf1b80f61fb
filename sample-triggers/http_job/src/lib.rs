//! Submits a job to an HTTP service once, watches it until it ends, and cancels it when the user stops the task.
//!
//! | kwarg | type | default | meaning |
//! | --- | --- | --- | --- |
//! | `url` | text | | where jobs are submitted |
//! | `body` | JSON | `{}` | what is submitted |
//! | `method` | text | `POST` | how |
//! | `headers` | object of texts | none | sent with every request |
//! | `connection` | text | none | the Airflow connection whose credential the host adds |
//! | `idempotency_key` | text | made from the trigger's identity | sent as the header `idempotency-key` |
//! | `key_pointer` | JSON pointer | none | where the key goes in the body as well, such as `/client_token` |
//! | `id_pointer` | JSON pointer | `/id` | the job's id in the answer |
//! | `status_url` | text with `{id}` | `url` + `/{id}` | where a job is watched, and cancelled |
//! | `status_pointer` | JSON pointer | `/state` | the job's state in the answer |
//! | `done`, `failed` | lists of texts | the usual words | the states that end it, in any case of letters; every other one means that it runs |
//! | `fire_on_failure` | bool | false | fire the final JSON of a failed job too, instead of failing |
//! | `jobs` | list of ids | none | watch these jobs instead of submitting one |
//! | `interval` | duration | 30 s | how long to wait between two polls |
//! | `cancel_method` | text | `DELETE` | how a job is cancelled; `""` never. Jobs of `jobs` are cancelled only when this is given |
//! | `max_errors` | number | 10 | how many transient failures in a row are tolerated, with growing waits |
//!
//! The payload is the job's final JSON; with `jobs` an object of them by id, when all have ended.
//!
//! The key is in the checkpoint before the job is submitted: when the answer is lost, or the host dies, the submission
//! is repeated under the same key, and a service that knows the header starts nothing twice.

mod cancel;
mod settings;
mod submit;
mod watch;

use std::collections::BTreeMap;

use settings::{cases_of_done, cases_of_failed};
use trigger_host_sdk::http::retry::Backoff;
use trigger_host_sdk::prelude::*;
use trigger_host_sdk::serde_json::{Map, Value};

/// Submits a job to an HTTP service and waits until it ends.
#[trigger]
struct HttpJob {
    /// Where jobs are submitted.
    url: String,
    /// What is submitted.
    body: Option<Value>,
    /// How it is submitted.
    #[serde(default = "settings::post")]
    method: String,
    /// Sent with every request.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// The Airflow connection whose credential the host adds.
    connection: Option<String>,
    /// Sent as the header `idempotency-key`; made from the trigger's identity otherwise.
    idempotency_key: Option<String>,
    /// Where the key goes in the body as well.
    key_pointer: Option<String>,
    /// The job's id in the answer.
    #[serde(default = "settings::id")]
    id_pointer: String,
    /// Where a job is watched and cancelled, with `{id}` in it.
    status_url: Option<String>,
    /// The job's state in the answer.
    #[serde(default = "settings::state")]
    status_pointer: String,
    /// States of a job that has succeeded.
    #[serde(default = "cases_of_done")]
    done: Vec<String>,
    /// States of a job that has failed.
    #[serde(default = "cases_of_failed")]
    failed: Vec<String>,
    /// Whether to fire the final JSON of a failed job too, instead of failing.
    #[serde(default)]
    fire_on_failure: bool,
    /// Watch these jobs instead of submitting one.
    jobs: Option<Vec<String>>,
    /// How long to wait between two polls.
    #[serde(default = "settings::half_a_minute")]
    interval: Duration,
    /// How a job is cancelled when the user stops the task.
    cancel_method: Option<String>,
    /// How many transient failures in a row are tolerated.
    #[serde(default = "settings::ten")]
    max_errors: u32,
}

/// What lives on between two polls.
#[checkpoint]
enum Progress {
    /// The job may have been submitted under this key: its id is not known yet.
    Submitting {
        /// Sent with every attempt.
        key: String,
        /// Transient failures in a row: that many answers were lost.
        errors: u32,
    },
    /// The job runs.
    Watching {
        /// The service's name for it.
        id: String,
        /// Transient failures in a row.
        errors: u32,
    },
    /// The jobs of the kwarg run.
    WatchingMany {
        /// Final JSON of those that have ended.
        ended: Map<String, Value>,
        /// Transient failures in a row.
        errors: u32,
    },
}

impl Trigger for HttpJob {
    type Checkpoint = Progress;

    fn check(&self) -> Result<()> {
        self.check_settings()
    }

    fn poll(&self, cx: &Context, progress: Option<Progress>) -> Result<Outcome<Progress>> {
        match (progress, &self.jobs) {
            (None, None) => Ok(Outcome::again_once_stored(Progress::Submitting { key: self.key(cx), errors: 0 })),
            (None, Some(ids)) => self.watch_many(ids, Map::new(), 0),
            (Some(Progress::Submitting { key, errors }), _) => self.submit(key, errors),
            (Some(Progress::Watching { id, errors }), _) => self.watch(id, errors),
            (Some(Progress::WatchingMany { ended, errors }), ids) => {
                self.watch_many(ids.as_deref().unwrap_or_default(), ended, errors)
            }
        }
    }

    fn on_kill(&self, _: &Context, progress: Option<Progress>) -> Result<()> {
        self.cancel(progress)
    }
}

impl HttpJob {
    const fn backoff(&self) -> Backoff {
        Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(300), most: self.max_errors }
    }
}

#[cfg(test)]
mod tests;
