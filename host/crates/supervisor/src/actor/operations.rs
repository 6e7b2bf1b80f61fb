//! What runs beside the actor, each as a task of its set that ends in one [`Report`].

use std::sync::Arc;
use std::time::Duration;

use encodings::Fernet;
use execution_api::retry::{self, Step, next_step};
use execution_api::{AirflowAccess, ApiError, Client, Registered, RunTrigger, TaskQuery};
use sandbox::{Call, Context, Ended, HostCalls, Sandbox};
use scheduler::{Sent, Ticket};
use trigger_host_types::step::Stop;
use trigger_host_types::{JobId, TriggerId, UnixMs, Used};

use crate::carried::{Answered, Heard, Kill};
use crate::deliver::BatchDelivered;
use crate::streams::Listener;
use crate::workload::{Decoded, decode};

/// Period of the look at the guests' runtime.
const EXECUTOR_EVERY: Duration = Duration::from_secs(1);
/// Bound on asking what became of a task before its `on-kill`.
const ASK_WITHIN: Duration = Duration::from_secs(5);

/// How an operation ended.
pub(crate) enum Report {
    /// `load`.
    Loaded { job: JobId, answer: Result<Vec<TriggerId>, ApiError> },
    /// `workloads` of some ids: what came, and the ids for which nothing did.
    Fetched { job: JobId, workloads: Vec<Decoded>, missing: Vec<TriggerId>, job_gone: bool },
    /// A trigger of a shared stream has something to tell. Its listener comes back unless the stream is over for it.
    Heard {
        ticket: Ticket,
        trigger: TriggerId,
        listener: Option<Box<Listener>>,
        used: Option<Used>,
        stop: Option<Box<Stop>>,
        heard: Heard,
    },
    /// Groups of shared streams know what is stored.
    Settled,
    /// A call of a guest.
    Polled { ticket: Ticket, used: Used, late: Duration, stop: Option<Box<Stop>>, answered: Answered },
    /// An event, a failure or a checkpoint.
    Delivered { ticket: Ticket, trigger: TriggerId, sent: Sent, error: Option<ApiError> },
    /// Events of several triggers.
    BatchDelivered(BatchDelivered),
    /// `cleanup`.
    Cleaned { error: Option<ApiError> },
    /// `jobs`, after the old one was gone.
    Registered(Result<Registered, ApiError>),
    /// The guests' runtime has run something.
    ExecutorAnswered,
    /// An `on-kill`.
    Killed,
}

/// Asks for the workloads of one slice, and decodes them. A slice that the server fails on is halved until the broken
/// row is alone (docs/design/triggerer.md#errors).
pub(crate) async fn fetch(client: Client, keys: Fernet, job: JobId, ids: Vec<TriggerId>) -> Report {
    let (mut workloads, mut missing, mut job_gone) = (Vec::new(), Vec::new(), false);
    let mut slices = vec![ids];
    while let Some(slice) = slices.pop() {
        match client.workloads(&slice).await {
            Ok(answer) => {
                let came = |id: &TriggerId| answer.iter().any(|workload| workload.id == *id);
                let omitted: Vec<_> = slice.iter().copied().filter(|id| !came(id)).collect();
                match decode_all(answer, keys.clone()).await {
                    Some(decoded) => {
                        workloads.extend(decoded);
                        missing.extend(omitted);
                    }
                    None => missing.extend(slice),
                }
            }
            Err(error) => {
                let step = next_step(retry::Call::Workloads, error.fault(), 1, true);
                tracing::warn!(%error, ids = slice.len(), "Workloads could not be fetched.");
                job_gone |= step == Step::RegisterAnew;
                if step == Step::Halve && slice.len() > 1 {
                    let (left, right) = slice.split_at(slice.len() / 2);
                    slices.extend([right.to_vec(), left.to_vec()]);
                } else {
                    missing.extend(slice);
                }
            }
        }
    }
    Report::Fetched { job, workloads, missing, job_gone }
}

/// Decrypts, parses and renders on the blocking pool: a slice takes milliseconds, which the actor and its requests must
/// not wait for. What is on its way is bounded by the slices in flight. `None` after a panic, which is a fault of this
/// program: the slice is asked for again.
async fn decode_all(workloads: Vec<RunTrigger>, keys: Fernet) -> Option<Vec<Decoded>> {
    let decoding = tokio::task::spawn_blocking(move || {
        workloads.into_iter().map(|workload| decode(workload, &keys)).collect::<Vec<_>>()
    });
    match decoding.await {
        Ok(decoded) => Some(decoded),
        Err(error) => {
            tracing::error!(%error, "Workloads could not be decoded. This is a bug in Trigger Host; please report it.");
            None
        }
    }
}

/// Whether guests can run: their runtime runs something of ours.
pub(crate) async fn ask_executor(sandbox: Sandbox) -> Report {
    tokio::time::sleep(EXECUTOR_EVERY).await;
    // A runtime that is gone does not answer either; then the heart stops.
    match sandbox.handle().spawn(async {}).await {
        Ok(()) => Report::ExecutorAnswered,
        Err(_) => std::future::pending().await,
    }
}

/// Whether a task is deferred, as far as this can be known: once its trigger is gone nothing can be asked in its name,
/// so the host asks in its own.
async fn still_waits(client: &Client, own: AirflowAccess, query: &TaskQuery) -> bool {
    let ask = async {
        match own.task_states(query).await {
            Ok(states) => Ok(states),
            Err(_) => client.airflow().task_states(query).await,
        }
    };
    let Ok(Ok(states)) = tokio::time::timeout(ASK_WITHIN, ask).await else { return false };
    states.values().flat_map(|tasks| tasks.values()).flatten().any(|state| state == "deferred")
}

/// Calls `on-kill`, unless the API says that the task still waits: then its trigger has another host now; or that it
/// does not know this host's Job: then it has forgotten the trigger with it.
pub(crate) async fn kill(
    client: Client,
    job: JobId,
    kill: Kill,
    host: Arc<dyn HostCalls>,
    now: UnixMs,
    limit: Duration,
) {
    let trigger = kill.trigger;
    let (Some(class), Some(packed)) = (trigger.class, trigger.task) else { return };
    let Some(poller) = class.poller() else { return };
    let (task, task_instance) = (packed.unpack(), packed.id());
    // `load` lists nothing for a Job that is gone, and does not say that it is.
    let beat = client.heartbeat(job).await;
    if beat.is_err_and(|error| next_step(retry::Call::Heartbeat, error.fault(), 1, true) == Step::RegisterAnew) {
        tracing::info!(trigger_id = %trigger.id, "The Execution API no longer knows this Job; on-kill is not called.");
        return;
    }
    let query = TaskQuery {
        dag_id: task.dag_id.clone(),
        run_ids: vec![task.run_id.clone()],
        task_ids: vec![task.task_id.clone()],
        map_index: Some(task.map_index),
        ..TaskQuery::default()
    };
    if still_waits(&client, client.airflow_for(trigger.id, job, Some(task_instance)), &query).await {
        tracing::info!(trigger_id = %trigger.id, "The task still waits, so another host has the trigger now; on-kill is not called.");
        return;
    }
    let context = Context {
        trigger_id: trigger.id,
        classpath: trigger.classpath,
        kind: trigger.kind,
        now,
        task: Some(task),
        timeout_at: trigger.timeout_at,
    };
    let call = Call {
        context,
        kwargs: trigger.kwargs.into_string(),
        checkpoint: trigger.checkpoint.map(String::from),
        limits: Arc::clone(&class.limits),
        host,
    };
    match tokio::time::timeout(limit, poller.on_kill(call)).await {
        Ok(Ended { result: Ok(()), .. }) => {
            tracing::info!(trigger_id = %trigger.id, "The user ended the task; on-kill was called.")
        }
        Ok(Ended { result: Err(reason), .. }) => tracing::warn!(trigger_id = %trigger.id, %reason, "on-kill failed."),
        Err(_) => tracing::warn!(trigger_id = %trigger.id, "on-kill did not finish in time."),
    }
}
