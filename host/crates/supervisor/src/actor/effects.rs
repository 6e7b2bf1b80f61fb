//! The scheduler's effects, into operations: calls of guests and requests, each a task that ends in a report.

use std::sync::Arc;
use std::time::Duration;

use airflow_asks::Asker;
use broker::{Broker, Mask};
use sandbox::EndReason;
use scheduler::{Attempts, Impossible, Sent, Ticket};
use telemetry::table;
use tokio::time::Instant;
use tracing::{Instrument as _, Span};
use trigger_host_types::step::{StepKind, Stop};
use trigger_host_types::{TriggerId, UnixMs, spans};

use super::operations::{self, Report};
use super::{Actor, Running};
use crate::carried::{Batched, Effect, Kill, Message, Trigger};
use crate::catalog::Class;
use crate::deliver::{deliver, deliver_batch};
use crate::encoding::{Encoding, describe_stop};
use crate::host_calls::{TriggerCalls, context, identify};

impl Actor {
    /// Carries out whatever can be started now.
    pub(super) fn carry_out(&mut self) {
        let mut settled = Vec::new();
        for effect in self.scheduler.effects(self.clock.now()) {
            match effect {
                Effect::Fetch(ids) => self.fetches.want(ids),
                Effect::Poll { ticket, due } => self.poll(ticket, due),
                Effect::CancelPoll(ticket) => self.cancel(ticket),
                Effect::Listen(ticket) => self.listen(ticket),
                Effect::Leave(trigger) => self.listening.leave_for_good(trigger),
                Effect::Settle(receipt, fate) => settled.push((receipt, fate)),
                Effect::Send { ticket, trigger, message, attempts } => self.send(ticket, trigger, message, attempts),
                Effect::SendBatch(batch) => self.send_batch(batch),
                Effect::Kill(kill) => self.kill(*kill),
                Effect::Report(subject, step) => self.announce(&subject, &step),
                Effect::Count(impossible) => count_impossible(impossible),
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
            let (client, keys) = (self.parts.client.clone(), self.parts.keys.clone());
            self.operations.spawn(operations::fetch(client, keys, self.heart.job(), ids));
        }
        self.listening.claims_are_in(self.fetches.is_idle());
    }

    fn poll(&mut self, ticket: Ticket, due: UnixMs) {
        let now = self.clock.now();
        let (Some(trigger), Some(encoding)) = (self.scheduler.trigger(ticket), self.encoding(ticket)) else {
            return count_impossible(Impossible::OutdatedEffect);
        };
        let Some(class) = trigger.class.clone() else { return count_impossible(Impossible::NoClass) };
        // The scheduler polls only what does not listen.
        let Some(poller) = class.poller().cloned() else { return count_impossible(Impossible::NoClass) };
        let call = sandbox::Call {
            context: context(trigger, now),
            kwargs: trigger.kwargs.to_string(),
            checkpoint: trigger.checkpoint.as_deref().map(String::from),
            limits: Arc::clone(&class.limits),
            host: self.host_calls(trigger, &class),
        };
        let subject = trigger.subject();
        let clock = Arc::clone(&self.clock);
        let late = Duration::from_millis(now.saturating_sub(due));
        let span = spans::poll(trigger.id, &trigger.classpath, class.component.digest());
        let handle = self.operations.spawn(async move {
            let ended = poller.poll(call).instrument(span.clone()).await;
            spans::end(&span, ended.result.as_ref().map_or_else(EndReason::code, |_| "ok"));
            let used = ended.used.clone();
            let stop =
                ended.result.as_ref().err().map(|reason| Box::new(describe_stop(reason, &used, &encoding.masker)));
            let answered = Encoding { now: clock.now(), ..encoding }.encode_answer(ended);
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

    /// Drops a call, as the scheduler asks.
    fn cancel(&mut self, ticket: Ticket) {
        let Some(Running { call, subject, listens }) = self.calls.remove(&ticket) else { return };
        call.abort();
        if listens {
            return;
        }
        let why = match (self.scheduler.is_draining(), self.paused) {
            (true, _) => "the host is shutting down, and another host continues from the checkpoint",
            (_, true) => "no heartbeat was accepted for too long; it will start again from the checkpoint when one is",
            _ => "Airflow no longer lists the trigger, or its component is no longer mapped",
        };
        let message = format!("the host cancelled the call: {why}");
        let stop = Stop { reason: "cancelled", message, details: Vec::new(), limit: None, used: None };
        self.announce(&subject, &subject.step(self.clock.now(), StepKind::Stopped(Box::new(stop))));
    }

    pub(super) fn host_calls(&self, trigger: &Trigger, class: &Arc<Class>) -> Arc<dyn sandbox::HostCalls> {
        let lends = class.http.iter().any(|grant| grant.connection.is_some());
        let asks = !class.airflow.is_empty();
        // Most do neither, and then the task's names stay packed.
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
        let span = self.delivery_span(ticket, message.kind());
        self.operations.spawn(async move {
            let delivery = deliver(&client, job, trigger, &message, attempts, fastrand::f64());
            let delivered = delivery.instrument(span.clone()).await;
            let (sent, error) = delivered.map_or_else(|(sent, error)| (sent, Some(error)), |sent| (sent, None));
            spans::end(&span, sent.as_str());
            Report::Delivered { ticket, trigger, sent, error }
        });
    }

    fn send_batch(&mut self, batch: Vec<Batched>) {
        let client = self.parts.client.clone();
        let events: usize = batch.iter().map(|one| one.events.len()).sum();
        table::EVENT_BATCH_SIZE.get().record(events as f64);
        let spans: Vec<Span> = batch.iter().map(|one| self.delivery_span(one.ticket, "event")).collect();
        self.operations.spawn(async move {
            let delivered = deliver_batch(&client, &batch, fastrand::f64()).await;
            for (span, (_, sent)) in spans.iter().zip(&delivered.results) {
                let outcome = sent.iter().find(|sent| **sent != Sent::Accepted).unwrap_or(&Sent::Accepted);
                spans::end(span, outcome.as_str());
            }
            Report::BatchDelivered(delivered)
        });
    }

    fn delivery_span(&self, ticket: Ticket, kind: &'static str) -> Span {
        self.scheduler.trigger(ticket).map_or_else(Span::none, |trigger| {
            let digest = trigger.class.as_ref().map(|class| class.component.digest());
            spans::delivery(trigger.id, &trigger.classpath, digest, kind)
        })
    }

    fn kill(&mut self, kill: Kill) {
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

    /// The watchdog: the actor and the guests' runtime answer together, or not at all.
    pub(super) fn watch_executor(&mut self) {
        self.operations.spawn(operations::ask_executor(self.parts.sandbox.clone()));
    }
}

/// A fault of this program: the host goes on, and the metric and the log show it.
pub(super) fn count_impossible(impossible: Impossible) {
    tracing::error!(
        state = impossible.as_str(),
        "The scheduler reached an impossible state. This is a bug in Trigger Host; please report it."
    );
    table::IMPOSSIBLE_STATES.with([impossible.as_str()]).increment(1);
}
