//! What runs beside the actor, each as a task of its set that ends in one [`Report`].

use std::sync::Arc;
use std::time::Duration;

use execution_api::retry::{self, Step, next_step};
use execution_api::{AirflowAccess, ApiError, Client, Registered, RunTrigger, TaskQuery};
use sandbox::{Call, Context, Ended, HostCalls, Sandbox, Used};
use trigger_host_types::{JobId, TriggerId, UnixMs};

use crate::catalog::Class;
use crate::deliver::BatchDelivered;
use crate::observer::Stop;
use crate::scheduler::{Answered, Heard, Kill, Sent, Ticket};
use crate::streams::Listener;

/// Period of the look at the guests' runtime.
const EXECUTOR_EVERY: Duration = Duration::from_secs(1);
/// Bound on asking what became of a task before its `on-kill`.
const ASK_WITHIN: Duration = Duration::from_secs(5);

/// How an operation ended.
pub(crate) enum Report {
    /// `load`.
    Loaded { job: JobId, answer: Result<Vec<TriggerId>, ApiError> },
    /// `workloads` of some ids: what came, and the ids for which nothing did.
    Fetched { job: JobId, workloads: Vec<RunTrigger>, missing: Vec<TriggerId>, job_gone: bool },
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

/// Asks for the workloads of one slice. One that the server fails on is halved until the broken row is alone
/// (docs/design/triggerer.md#errors).
pub(crate) async fn fetch(client: Client, job: JobId, ids: Vec<TriggerId>) -> Report {
    let (mut workloads, mut missing, mut job_gone) = (Vec::new(), Vec::new(), false);
    let mut slices = vec![ids];
    while let Some(slice) = slices.pop() {
        match client.workloads(&slice).await {
            Ok(answer) => {
                missing.extend(slice.iter().filter(|id| !answer.iter().any(|workload| workload.id == **id)));
                workloads.extend(answer);
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

/// Whether guests can run: their runtime runs something of ours.
pub(crate) async fn ask_executor(sandbox: Sandbox) -> Report {
    tokio::time::sleep(EXECUTOR_EVERY).await;
    // A runtime that is gone does not answer either; then the heart stops.
    match sandbox.handle().spawn(async {}).await {
        Ok(()) => Report::ExecutorAnswered,
        Err(_) => std::future::pending().await,
    }
}

/// Whether a task is deferred, as far as it can be known: a trigger that is gone has no name to ask in any more, and then the host's own
/// has to do.
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

/// Calls `on-kill`, unless the API says that the task still waits: then its trigger has another host now; or that it does not know this
/// host's Job: then it has forgotten the trigger with it.
pub(crate) async fn kill(
    client: Client,
    job: JobId,
    kill: Kill<Arc<Class>>,
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
        tracing::info!(trigger_id = %trigger.id, "The Execution API does not know this Job any more: on-kill is not called.");
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
        tracing::info!(trigger_id = %trigger.id, "The task still waits: the trigger has another host now, and on-kill is not called.");
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
            tracing::info!(trigger_id = %trigger.id, "The task was ended by its user; on-kill was called.")
        }
        Ok(Ended { result: Err(reason), .. }) => tracing::warn!(trigger_id = %trigger.id, %reason, "on-kill failed."),
        Err(_) => tracing::warn!(trigger_id = %trigger.id, "on-kill took too long."),
    }
}
