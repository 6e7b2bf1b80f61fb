//! Requests and small answers of the eight endpoints and their extensions. See
//! docs/design/execution-api.md#jobs-and-triggers.

use encodings::{WireEvent, WireXcoms};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use trigger_host_types::{JobId, TriggerId};

/// What a server can do beyond the eight endpoints. The bare API can do none of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extensions {
    /// Stores checkpoints: `PUT triggers/{id}/checkpoint`.
    pub checkpoint: bool,
    /// Knows `Trigger-Event-Kind`, so that an event can end a task.
    pub event_kind: bool,
    /// Drops a repeated event by its `Idempotency-Key`.
    pub idempotency_key: bool,
    /// Takes several events in one request: `POST triggers/events`.
    pub event_batch: bool,
    /// Gives out a runtime token for a trigger: `POST triggers/{id}/runtime-token`.
    pub runtime_token: bool,
}

/// The answer to `POST jobs`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The new Job.
    pub job_id: JobId,
    /// What the server can do.
    pub extensions: Extensions,
}

/// The answer to `POST jobs` as it is written.
#[derive(Deserialize)]
pub(crate) struct RegisterAnswer {
    job_id: JobId,
    #[serde(default)]
    extensions: Option<Vec<String>>,
}

impl From<RegisterAnswer> for Registered {
    fn from(answer: RegisterAnswer) -> Self {
        let listed = answer.extensions.unwrap_or_default();
        let has = |name| listed.iter().any(|extension| extension == name);
        let extensions = Extensions {
            checkpoint: has("checkpoint"),
            event_kind: has("event-kind"),
            idempotency_key: has("idempotency-key"),
            event_batch: has("event-batch"),
            runtime_token: has("runtime-token"),
        };
        Self { job_id: answer.job_id, extensions }
    }
}

/// `POST jobs`.
#[derive(Serialize)]
pub(crate) struct JobBody<'a> {
    pub(crate) job_type: &'static str,
    pub(crate) hostname: &'a str,
}

/// `POST triggers/load`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LoadRequest {
    /// The Job that claims.
    pub triggerer_id: JobId,
    /// The most triggers this host holds in all.
    pub capacity: u64,
    /// Seconds. Whoever has not beaten for longer is dead, and its triggers are free.
    pub health_check_threshold: f64,
    /// Only triggers of these queues; absent or empty: only those without a queue.
    pub queues: Option<Vec<String>>,
    /// Only with multi-team.
    pub team_name: Option<String>,
}

/// The answer to `POST triggers/load`: all that this Job holds, not only the new ones.
#[derive(Deserialize)]
pub(crate) struct LoadAnswer {
    pub(crate) trigger_ids: Vec<TriggerId>,
}

/// `POST triggers/workloads`.
#[derive(Serialize)]
pub(crate) struct WorkloadsBody<'a> {
    pub(crate) trigger_ids: &'a [TriggerId],
}

/// `POST triggers/{id}/event`.
#[derive(Serialize)]
pub(crate) struct EventBody<'a> {
    pub(crate) payload: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) xcoms: Option<&'a WireXcoms>,
}

/// `POST triggers/events`.
#[derive(Serialize)]
pub(crate) struct BatchBody<'a> {
    pub(crate) events: &'a [BatchedEvent<'a>],
}

/// One event of a batch.
#[derive(Serialize)]
pub(crate) struct BatchedEvent<'a> {
    trigger_id: TriggerId,
    payload: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    xcoms: Option<&'a WireXcoms>,
    /// Absent: fire.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    idempotency_key: &'a str,
}

impl<'a> BatchedEvent<'a> {
    pub(crate) fn new(trigger_id: TriggerId, event: &'a WireEvent) -> Self {
        let xcoms = event.kind.xcoms();
        let kind = xcoms.map(|_| event.kind.as_str());
        Self { trigger_id, payload: &event.payload, xcoms, kind, idempotency_key: event.key.as_str() }
    }
}

/// The answer to `POST triggers/events`.
#[derive(Deserialize)]
pub(crate) struct BatchAnswers {
    pub(crate) answers: Vec<BatchedAnswer>,
}

/// What became of one event of a batch.
#[derive(Deserialize)]
pub(crate) struct BatchedAnswer {
    pub(crate) status: u16,
    #[serde(default)]
    pub(crate) detail: Option<serde_json::Value>,
}

/// `POST triggers/{id}/failure`.
#[derive(Serialize)]
pub(crate) struct FailureBody<'a> {
    pub(crate) error: Option<&'a [String]>,
}

/// Where a trigger left off, as the server keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredCheckpoint {
    /// How many outcomes have been stored; each store must raise it.
    pub position: u64,
    /// The guest's neutral JSON text; absent when the guest keeps none.
    #[serde(default)]
    pub value: Option<String>,
}

/// `PUT triggers/{id}/checkpoint`.
#[derive(Serialize)]
pub(crate) struct CheckpointBody<'a> {
    pub(crate) job_id: JobId,
    pub(crate) position: u64,
    pub(crate) value: Option<&'a str>,
}

/// `POST triggers/{id}/runtime-token`.
#[derive(Serialize)]
pub(crate) struct RuntimeTokenBody {
    pub(crate) job_id: JobId,
}

/// The answer to `POST triggers/{id}/runtime-token`. Holds a secret: prints nothing.
#[derive(Deserialize)]
pub(crate) struct RuntimeTokenAnswer {
    pub(crate) token: String,
    /// Seconds.
    pub(crate) expires_in: u64,
}
