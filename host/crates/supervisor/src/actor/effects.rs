//! Effects into operations, reports into calls of the scheduler.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use airflow_asks::Asker;
use broker::{Broker, Mask};
use execution_api::retry::{Backoff, Call, Step, next_step};
use execution_api::{ApiError, Registered, RunTrigger};
use telemetry::table;
use tokio::time::Instant;
use trigger_host_types::{JobId, TriggerId, UnixMs};

use super::operations::{self, Report};
use super::{Actor, Running};
use crate::catalog::Class;
use crate::deliver::{BatchDelivered, deliver, deliver_batch};
use crate::encoding::{Encoding, stop};
use crate::host_calls::{TriggerCalls, identify};
use crate::observer::{Life, Stop, What};
use crate::scheduler::{Attempts, Batched, Effect, Kill, Message, Server, Ticket, Trigger};
use crate::supervisor::register;
use crate::workload;

impl Actor {
    /// Until nothing more can be started now.
    pub(super) fn carry_out(&mut self) {
        let mut settled = Vec::new();
        for effect in self.scheduler.effects(self.clock.now()) {
            match effect {
                Effect::Fetch(ids) => self.fetches.want(ids),
                Effect::Poll { ticket, due } => self.poll(ticket, due),
                Effect::CancelPoll(ticket) => self.give_up(ticket),
                Effect::Listen(ticket) => self.listen(ticket),
                Effect::Leave(trigger) => self.listening.leave_for_good(trigger),
                Effect::Settle(receipt, fate) => settled.push((receipt, fate)),
                Effect::Send { ticket, trigger, message, attempts } => self.send(ticket, trigger, message, attempts),
                Effect::SendBatch(batch) => self.send_batch(batch),
                Effect::Kill(kill) => self.kill(*kill),
                Effect::Tell(life) => self.tell(&life),
            }
        }
        self.settle(settled);
        self.start_fetches();
        if self.scheduler.take_cleanup() {
            self.rounds.want_cleanup(Instant::now());
        }
    }

    fn start_fetches(&mut self) {
        while let Some(ids) = self.fetches.start(self.settings.workload_slice) {
            self.operations.spawn(operations::fetch(self.parts.client.clone(), self.heart.job(), ids));
        }
        self.listening.claims_are_in(self.fetches.is_idle());
    }

    fn poll(&mut self, ticket: Ticket, due: UnixMs) {
        let now = self.clock.now();
        let Some(trigger) = self.scheduler.trigger(ticket) else { return };
        let Some(class) = trigger.class.clone() else { return };
        // The scheduler polls only what does not listen.
        let Some(poller) = class.poller().cloned() else { return };
        let call = sandbox::Call {
            context: context(trigger, now),
            kwargs: trigger.kwargs.to_string(),
            checkpoint: trigger.checkpoint.as_deref().map(String::from),
            limits: Arc::clone(&class.limits),
            host: self.host_calls(trigger, &class),
        };
        let subject = trigger.subject();
        let clock = Arc::clone(&self.clock);
        let Some(encoding) = self.encoding(ticket) else { return };
        let late = Duration::from_millis(now.saturating_sub(due));
        let handle = self.operations.spawn(async move {
            let ended = poller.poll(call).await;
            let used = ended.used.clone();
            let stop = ended.result.as_ref().err().map(|reason| Box::new(stop(reason, &used, &encoding.masker)));
            let answered = Encoding { now: clock.now(), ..encoding }.answer(ended);
            Report::Polled { ticket, used, late, stop, answered }
        });
        self.calls.insert(ticket, Running { call: handle, subject, listens: false });
    }

    /// For the answers of the trigger behind a ticket.
    pub(super) fn encoding(&self, ticket: Ticket) -> Option<Encoding> {
        Some(Encoding {
            kind: self.scheduler.trigger(ticket)?.kind,
            extensions: self.extensions,
            source: self.scheduler.source(ticket)?,
            masker: self.parts.masker.clone(),
            now: self.clock.now(),
        })
    }

    /// Drops a call; the scheduler has its reasons.
    fn give_up(&mut self, ticket: Ticket) {
        let Some(Running { call, subject, listens }) = self.calls.remove(&ticket) else { return };
        call.abort();
        if listens {
            return;
        }
        let why = match (self.scheduler.is_draining(), self.paused) {
            (true, _) => "the host ends: another one goes on from the checkpoint",
            (_, true) => "no heartbeat was accepted for too long: it starts again from the checkpoint when one is",
            _ => "the trigger was taken away, or its component is no longer mapped",
        };
        let message = format!("the host gave the call up: {why}");
        let stop = Stop { reason: "cancelled", message, details: Vec::new(), limit: None, used: None };
        self.tell(&Life { at: self.clock.now(), subject, what: What::Stopped(Box::new(stop)) });
    }

    pub(super) fn host_calls(&self, trigger: &Trigger<Arc<Class>>, class: &Arc<Class>) -> Arc<dyn sandbox::HostCalls> {
        let lends = class.http.iter().any(|grant| grant.connection.is_some());
        let asks = !class.airflow.is_empty();
        // Most do neither: then the task's names stay packed.
        let asker = (asks || lends).then(|| identify(trigger, class, self.heart.job()));
        let broker = match &asker {
            Some(asker) if lends => self.lending(Arc::clone(asker)),
            _ => self.parts.broker.clone(),
        };
        Arc::new(TriggerCalls {
            subject: trigger.subject(),
            class: Arc::clone(class),
            broker,
            airflow: asker.filter(|_| asks).map(|asker| self.desk.serve(asker)),
            observer: Arc::clone(&self.parts.observer),
        })
    }

    /// A broker that adds the credentials of connections, in the name of the one who asks.
    pub(super) fn lending(&self, asker: Arc<Asker>) -> Broker {
        let (masker, classpath) = (self.parts.masker.clone(), asker.classpath().clone());
        let mask = Mask::new(move |secret| masker.remember(&classpath, secret));
        self.parts.broker.lending(self.desk.connections(asker), mask)
    }

    fn send(&mut self, ticket: Ticket, trigger: TriggerId, message: Arc<Message>, attempts: Attempts) {
        let (client, job) = (self.parts.client.clone(), self.heart.job());
        self.operations.spawn(async move {
            let delivered = deliver(&client, job, trigger, &message, attempts, fastrand::f64()).await;
            let (sent, error) = delivered.map_or_else(|(sent, error)| (sent, Some(error)), |sent| (sent, None));
            Report::Delivered { ticket, trigger, sent, error }
        });
    }

    fn send_batch(&mut self, batch: Vec<Batched>) {
        let client = self.parts.client.clone();
        let events: usize = batch.iter().map(|one| one.events.len()).sum();
        table::EVENT_BATCH_SIZE.get().record(events as f64);
        self.operations
            .spawn(async move { Report::BatchDelivered(deliver_batch(&client, &batch, fastrand::f64()).await) });
    }

    fn kill(&mut self, kill: Kill<Arc<Class>>) {
        let Some(class) = kill.trigger.class.as_ref().filter(|class| class.poller().is_some()) else {
            return;
        };
        let host = self.host_calls(&kill.trigger, class);
        let (client, job) = (self.parts.client.clone(), self.heart.job());
        let (now, limit) = (self.clock.now(), self.settings.on_kill_timeout);
        let places = Arc::clone(&self.kills);
        self.killing += 1;
        self.operations.spawn(async move {
            let Ok(_place) = places.acquire().await else { return Report::Killed };
            operations::kill(client, job, kill, host, now, limit).await;
            Report::Killed
        });
    }

    pub(super) fn start_rounds(&mut self) {
        let now = Instant::now();
        if !self.heart.is_job_gone() && !self.scheduler.is_draining() && self.rounds.start_load(now) {
            let (client, job) = (self.parts.client.clone(), self.heart.job());
            let request = execution_api::LoadRequest {
                triggerer_id: job,
                capacity: self.settings.capacity as u64,
                health_check_threshold: self.settings.health_check_threshold.as_secs_f64(),
                queues: self.settings.queues.clone(),
                team_name: self.settings.team.clone(),
            };
            self.operations.spawn(async move { Report::Loaded { job, answer: client.load(&request).await } });
        }
        if self.rounds.start_cleanup(now) {
            let client = self.parts.client.clone();
            self.operations.spawn(async move { Report::Cleaned { error: client.cleanup().await.err() } });
        }
    }

    /// The actor and the guests' runtime answer together, or not at all.
    pub(super) fn watch_executor(&mut self) {
        self.operations.spawn(operations::ask_executor(self.parts.sandbox.clone()));
    }

    pub(super) fn register_anew(&mut self) {
        if std::mem::replace(&mut self.registering, true) {
            return;
        }
        tracing::warn!(job = %self.heart.job(), "The Execution API does not know this Job any more: registering anew.");
        let (client, settings) = (self.parts.client.clone(), self.settings.clone());
        self.operations.spawn(async move {
            let registered = register(&settings, &client).await;
            if registered.is_err() {
                tokio::time::sleep(Backoff::SLOW.next_wait(1, fastrand::f64())).await;
            }
            Report::Registered(registered)
        });
    }

    pub(super) fn report(&mut self, report: Report) {
        let now = self.clock.now();
        self.scheduler.heartbeats(self.heart.were_good());
        match report {
            Report::Loaded { job, answer } => self.loaded(job, answer, now),
            Report::Fetched { job, workloads, missing, job_gone } => {
                self.fetches.ended();
                self.fetched(job, workloads, &missing, now);
                if job_gone {
                    self.heart.lost_job(job);
                }
            }
            Report::Polled { ticket, used, late, stop, answered } => {
                self.calls.remove(&ticket);
                self.polled(ticket, &used, late, answered.as_ref().ok().and_then(|answer| answer.next), now);
                self.stopped(ticket, stop, now);
                self.scheduler.poll_ended(ticket, answered, now);
            }
            Report::Heard { ticket, trigger, listener, used, stop, heard } => {
                self.calls.remove(&ticket);
                if let Some(used) = used {
                    self.polled(ticket, &used, Duration::ZERO, None, now);
                }
                self.stopped(ticket, stop, now);
                if self.scheduler.heard(ticket, heard, now) {
                    self.listening.came_back(trigger, listener);
                }
            }
            Report::Settled => self.listening.settled(),
            Report::Delivered { ticket, trigger, sent, error } => {
                if let Some(error) = error {
                    not_taken(Some(trigger), &error);
                }
                self.rounds.busy();
                self.scheduler.sent(ticket, sent, now);
            }
            Report::BatchDelivered(BatchDelivered { results, answered, errors }) => {
                for (trigger, error) in &errors {
                    not_taken(*trigger, error);
                }
                self.rounds.busy();
                self.scheduler.batch_sent(results, answered, now);
            }
            Report::Cleaned { error } => {
                if let Some(error) = error {
                    tracing::warn!(%error, "Clean-up failed; it is made up for later.");
                }
                self.rounds.cleaned();
            }
            Report::Registered(registered) => self.registered(registered, now),
            Report::ExecutorAnswered => {
                self.heart.executor_answered();
                self.watch_executor();
            }
            Report::Killed => self.killing = self.killing.saturating_sub(1),
        }
    }

    fn polled(&mut self, ticket: Ticket, used: &sandbox::Used, late: Duration, next: Option<UnixMs>, now: UnixMs) {
        let Some(trigger) = self.scheduler.trigger(ticket) else { return };
        table::POLL_LATENESS.get().record(late.as_secs_f64());
        let what = What::Polled {
            cpu: used.cpu,
            wall: used.wall,
            late,
            memory: used.memory,
            host_calls: used.host_calls,
            next,
        };
        let life = Life { at: now, subject: trigger.subject(), what };
        self.tell(&life);
    }

    fn stopped(&mut self, ticket: Ticket, stop: Option<Box<Stop>>, now: UnixMs) {
        let (Some(stop), Some(trigger)) = (stop, self.scheduler.trigger(ticket)) else { return };
        let life = Life { at: now, subject: trigger.subject(), what: What::Stopped(stop) };
        self.tell(&life);
    }

    fn loaded(&mut self, job: JobId, answer: Result<Vec<TriggerId>, ApiError>, now: UnixMs) {
        let instant = Instant::now();
        match answer {
            // The answer to an older Job says nothing about this one.
            Ok(_) if job != self.heart.job() => self.rounds.loaded(true, 0.0, instant),
            Ok(ids) => {
                let new = self.scheduler.listed(&ids, now);
                self.rounds.loaded(new, fastrand::f64(), instant);
                if self.heart.is_safe() {
                    self.scheduler.resume();
                }
            }
            Err(error) => {
                let failures = self.rounds.load_failed();
                tracing::warn!(%error, "Triggers could not be loaded.");
                let step = next_step(Call::Load, error.fault(), failures, true);
                let wait = match step {
                    Step::RetrySlowly => {
                        self.heart.complain(&error);
                        Backoff::SLOW.next_wait(failures, fastrand::f64())
                    }
                    _ => Backoff::CALL.next_wait(failures, fastrand::f64()),
                };
                if step == Step::RegisterAnew {
                    self.heart.lost_job(job);
                }
                self.rounds.load_later(wait.min(Duration::from_secs(10)), instant);
            }
        }
    }

    fn fetched(&mut self, job: JobId, workloads: Vec<RunTrigger>, missing: &[TriggerId], now: UnixMs) {
        if job != self.heart.job() {
            return;
        }
        for workload in workloads {
            let claim = workload::claim(workload, &self.parts.catalog, &self.parts.keys);
            if claim.class.as_ref().is_some_and(|class| class.listens()) {
                self.listening.coming(&claim.classpath, claim.id);
            }
            self.timeouts.extend(claim.timeout_at.map(Reverse));
            self.scheduler.claimed(claim, now);
        }
        self.scheduler.not_claimed(missing, now);
    }

    fn registered(&mut self, registered: Result<Registered, ApiError>, now: UnixMs) {
        self.registering = false;
        match registered {
            Ok(registered) => {
                tracing::info!(job = %registered.job_id, "Registered anew.");
                self.heart.registered(registered.job_id);
                self.parts.observer.registered(registered.job_id);
                self.extensions = registered.extensions;
                self.fetches.forget();
                self.scheduler.forget_claims(server_of(&registered), now);
                self.rounds.load_at_once(Instant::now());
            }
            Err(error) => {
                tracing::error!(%error, "Registering anew failed; trying again.");
                self.heart.complain(&error);
            }
        }
    }
}

/// What a call of this trigger is about.
pub(super) fn context(trigger: &Trigger<Arc<Class>>, now: UnixMs) -> sandbox::Context {
    sandbox::Context {
        trigger_id: trigger.id,
        classpath: trigger.classpath.clone(),
        kind: trigger.kind,
        now,
        task: trigger.task.as_ref().map(|task| task.unpack()),
        timeout_at: trigger.timeout_at,
    }
}

/// What the scheduler has to know of the server.
pub(super) fn server_of(registered: &Registered) -> Server {
    let Registered { job_id, extensions } = registered;
    Server { job: job_id.0, checkpoints: extensions.checkpoint, batches: extensions.event_batch }
}

/// `None`: the events of many triggers, all at once.
fn not_taken(trigger: Option<TriggerId>, error: &ApiError) {
    table::REQUESTS_REFUSED.with([error.fault().as_str()]).increment(1);
    match trigger {
        Some(trigger) => {
            tracing::warn!(trigger_id = %trigger, %error, "The API did not take what a trigger has to tell.");
        }
        None => tracing::warn!(%error, "The API did not take the events of several triggers."),
    }
}
