//! What runs beside the actor, each as a task of its set that ends in one [`Report`].

use std::sync::Arc;
use std::time::Duration;

use execution_api::encodings::event_to_wire;
use execution_api::retry::{self, Step, next_step};
use execution_api::{ApiError, Client, Extensions, Registered, RunTrigger, RuntimeAccess, TaskQuery};
use logs::Masker;
use sandbox::{Call, Context, EndReason, Ended, HostCalls, Next, Outcome, Sandbox, Used};
use trigger_host_types::{EventKind, JobId, TriggerId, TriggerKind, UnixMs};

use crate::catalog::Class;
use crate::deliver::BatchDelivered;
use crate::key::Source;
use crate::observer::Stop;
use crate::scheduler::{Answer, Answered, EventMessage, FailureMessage, Kill, Sent, Ticket};

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

/// Why a call has no answer, in words.
pub(crate) fn stop(reason: &EndReason, used: &Used, masker: &Masker) -> Stop {
    let mut lines = reason.lines().into_iter().map(|line| masker.mask_cut(&line).into_owned());
    Stop {
        reason: reason.code(),
        message: lines.next().unwrap_or_default(),
        details: lines.collect(),
        limit: reason.limit(),
        used: Some(used.clone()),
    }
}

/// What a call's answer is made into.
pub(crate) struct Encoding {
    pub(crate) kind: TriggerKind,
    pub(crate) extensions: Extensions,
    /// Makes the keys.
    pub(crate) source: Source,
    /// Goes over what a failure says of the guest's own words.
    pub(crate) masker: Masker,
    /// The trigger's time when the call ended.
    pub(crate) now: UnixMs,
}

impl Encoding {
    /// The answer as the scheduler takes it: events encoded for the API, times absolute.
    pub(crate) fn answer(&self, ended: Ended<Outcome>) -> Answered {
        let outcome = ended.result.map_err(|reason| FailureMessage {
            reason: reason.code(),
            message: self.masker.mask_cut(&reason.to_string()).into_owned(),
            lines: Some(reason.lines().iter().map(|line| self.masker.mask_cut(line).into_owned()).collect()),
        })?;
        // A task takes the first event only.
        let most = if self.kind == TriggerKind::Task { 1 } else { usize::MAX };
        let events = outcome.events.into_iter().take(most).enumerate();
        let events = events.map(|(at, event)| self.event(at, event)).collect::<Result<_, _>>()?;
        let next = match outcome.next {
            Next::After(wait) => {
                let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
                Some(self.now.saturating_add(wait))
            }
            Next::At(at) => Some(at),
            Next::Finished => None,
        };
        Ok(Answer { events, checkpoint: outcome.checkpoint, next })
    }

    fn event(&self, at: usize, event: trigger_host_types::Event) -> Result<EventMessage, FailureMessage> {
        let refused =
            |message: String| FailureMessage { reason: "bad-payload", lines: Some(vec![message.clone()]), message };
        if event.kind != EventKind::Fire && !self.extensions.event_kind {
            return Err(refused(format!(
                "the trigger ends its task with `{}`, which this Execution API cannot do: install the plugin, or fire an event",
                event.kind.as_str()
            )));
        }
        let wire = event_to_wire(&event, self.kind, self.source.key(at))
            .map_err(|error| refused(format!("event {at}: {error}")))?;
        Ok(EventMessage { wire, payload: event.payload })
    }
}

/// Asks for the workloads of one slice. One that the server fails on is halved until the broken row is alone (contract section 6).
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
                let step = next_step(retry::Call::Workloads, error.class_of(), 1, true);
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
async fn still_waits(client: &Client, own: RuntimeAccess, query: &TaskQuery) -> bool {
    let ask = async {
        match own.task_states(query).await {
            Ok(states) => Ok(states),
            Err(_) => client.runtime().task_states(query).await,
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
    let (task, task_instance) = (packed.unpack(), packed.id());
    // `load` lists nothing for a Job that is gone, and does not say that it is.
    let beat = client.heartbeat(job).await;
    if beat.is_err_and(|error| next_step(retry::Call::Heartbeat, error.class_of(), 1, true) == Step::RegisterAnew) {
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
    if still_waits(&client, client.runtime_for(trigger.id, job, Some(task_instance)), &query).await {
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
    match tokio::time::timeout(limit, class.component.on_kill(call)).await {
        Ok(Ended { result: Ok(()), .. }) => {
            tracing::info!(trigger_id = %trigger.id, "The task was ended by its user; on-kill was called.")
        }
        Ok(Ended { result: Err(reason), .. }) => tracing::warn!(trigger_id = %trigger.id, %reason, "on-kill failed."),
        Err(_) => tracing::warn!(trigger_id = %trigger.id, "on-kill took too long."),
    }
}
