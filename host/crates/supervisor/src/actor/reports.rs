//! What operations report, into calls of the scheduler; and what observers, metrics and the log hear of it.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use execution_api::ApiError;
use execution_api::retry::{self, CALL_WAITS, Call, SLOW_WAITS, next_step};
use scheduler::{FailureMessage, Ticket, UNMAPPED};
use telemetry::table;
use tokio::task::JoinError;
use tokio::time::Instant;
use trigger_host_types::step::{Step, StepKind, Stop, Subject};
use trigger_host_types::{JobId, TriggerId, UnixMs, Used, spans};

use super::operations::Report;
use super::{Actor, MAX_UNMAPPED};
use crate::carried::Heard;
use crate::catalog::Catalog;
use crate::deliver::BatchDelivered;
use crate::workload::Decoded;

impl Actor {
    pub(super) fn handle_end(&mut self, ended: Result<(tokio::task::Id, Report), JoinError>) {
        match ended {
            Ok((_, report)) => self.handle_report(report),
            Err(error) if error.is_cancelled() => {}
            Err(error) => self.handle_panic(error.id()),
        }
    }

    /// One of our own tasks panicked: a call's trigger fails, everything else goes on.
    fn handle_panic(&mut self, task: tokio::task::Id) {
        tracing::error!("An operation ended unexpectedly. This is a bug in Trigger Host; please report it.");
        let ticket = self.calls.iter().find(|(_, running)| running.call.id() == task).map(|(ticket, _)| *ticket);
        if let Some(ticket) = ticket {
            let listened = self.calls.remove(&ticket).is_some_and(|running| running.listens);
            let failure = FailureMessage::new("host", "the host failed while it ran the trigger");
            if listened {
                let heard = Heard { outcome: Err(failure), worked: false };
                self.scheduler.heard(ticket, heard, self.clock.now());
            } else {
                self.scheduler.poll_ended(ticket, Err(failure), self.clock.now());
            }
        }
    }

    pub(super) fn reload(&mut self, catalog: Arc<Catalog>) {
        let now = self.clock.now();
        self.scheduler.remap(|trigger| catalog.get(trigger.kind, &trigger.classpath).cloned(), now);
        self.unmapped.clear();
        self.listening.leave_all();
        tracing::info!(classpaths = catalog.len(), "A new catalog is in force.");
        self.parts.catalog = catalog;
    }

    /// Lets observers, metrics and the summary know.
    pub(super) fn announce(&mut self, subject: &Subject, step: &Step) {
        self.warn_unmapped(subject, step);
        match step.what {
            StepKind::Fired { .. } => table::EVENTS_FIRED.get().increment(1),
            StepKind::Failed { reason, .. } => table::TRIGGERS_FAILED.with([reason]).increment(1),
            _ => {}
        }
        if matches!(step.what, StepKind::Finished { .. }) {
            self.listening.gone(subject);
        }
        self.summary.count(step);
        self.parts.observer.observe(subject, step);
    }

    /// Once for each path: there may be thousands of triggers of one.
    fn warn_unmapped(&mut self, subject: &Subject, step: &Step) {
        let StepKind::Failed { reason: UNMAPPED, message, .. } = &step.what else { return };
        let Subject { trigger, classpath, .. } = subject;
        if self.unmapped.len() < MAX_UNMAPPED && self.unmapped.insert(classpath.clone()) {
            tracing::error!(%classpath, first_trigger_id = %trigger, "{message}");
        }
    }

    fn handle_report(&mut self, report: Report) {
        let now = self.clock.now();
        self.scheduler.note_heartbeats(self.heart.were_good());
        match report {
            Report::Loaded { job, answer } => self.handle_loaded(job, answer, now),
            Report::Fetched { job, workloads, missing, job_gone } => {
                self.fetches.ended();
                self.handle_fetched(job, workloads, &missing, now);
                if job_gone {
                    self.heart.lost_job(job);
                }
            }
            Report::Polled { ticket, used, late, stop, answered } => {
                self.calls.remove(&ticket);
                self.announce_poll(ticket, &used, late, answered.as_ref().ok().and_then(|answer| answer.next), now);
                self.announce_stop(ticket, stop, now);
                self.scheduler.poll_ended(ticket, answered, now);
            }
            Report::Heard { ticket, trigger, listener, used, stop, heard } => {
                self.calls.remove(&ticket);
                if let Some(used) = used {
                    self.announce_poll(ticket, &used, Duration::ZERO, None, now);
                }
                self.announce_stop(ticket, stop, now);
                if self.scheduler.heard(ticket, heard, now) {
                    self.listening.came_back(trigger, listener);
                }
            }
            Report::Settled => self.listening.settled(),
            Report::Delivered { ticket, trigger, sent, error } => {
                if let Some(error) = error {
                    warn_not_accepted(Some(trigger), &error);
                }
                self.rounds.busy();
                self.scheduler.sent(ticket, sent, now);
            }
            Report::BatchDelivered(BatchDelivered { results, answered, errors }) => {
                for (trigger, error) in &errors {
                    warn_not_accepted(*trigger, error);
                }
                self.rounds.busy();
                self.scheduler.batch_sent(results, answered, now);
            }
            Report::Cleaned { error } => {
                if let Some(error) = error {
                    tracing::warn!(%error, "Clean-up failed; it will be repeated later.");
                }
                self.rounds.cleaned();
            }
            Report::Registered(registered) => self.handle_registered(registered, now),
            Report::ExecutorAnswered => {
                self.heart.executor_answered();
                self.watch_executor();
            }
            Report::Killed => self.killing = self.killing.saturating_sub(1),
        }
    }

    fn announce_poll(&mut self, ticket: Ticket, used: &Used, late: Duration, next: Option<UnixMs>, now: UnixMs) {
        let Some(trigger) = self.scheduler.trigger(ticket) else { return };
        table::POLL_LATENESS.get().record(late.as_secs_f64());
        let what = StepKind::Polled {
            cpu: used.cpu,
            wall: used.wall,
            late,
            memory: used.memory,
            host_calls: used.host_calls,
            next,
        };
        let subject = trigger.subject();
        self.announce(&subject, &subject.step(now, what));
    }

    fn announce_stop(&mut self, ticket: Ticket, stop: Option<Box<Stop>>, now: UnixMs) {
        let (Some(stop), Some(trigger)) = (stop, self.scheduler.trigger(ticket)) else { return };
        let subject = trigger.subject();
        self.announce(&subject, &subject.step(now, StepKind::Stopped(stop)));
    }

    fn handle_loaded(&mut self, job: JobId, answer: Result<Vec<TriggerId>, ApiError>, now: UnixMs) {
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
                    retry::Step::RetrySlowly => {
                        self.heart.complain(&error);
                        SLOW_WAITS.next_wait(failures, fastrand::f64())
                    }
                    _ => CALL_WAITS.next_wait(failures, fastrand::f64()),
                };
                if step == retry::Step::RegisterAnew {
                    self.heart.lost_job(job);
                }
                self.rounds.load_later(wait.min(Duration::from_secs(10)), instant);
            }
        }
    }

    fn handle_fetched(&mut self, job: JobId, workloads: Vec<Decoded>, missing: &[TriggerId], now: UnixMs) {
        if job != self.heart.job() {
            return;
        }
        for workload in workloads {
            let (claim, span) = workload.look_up(&self.parts.catalog);
            if claim.class.as_ref().is_some_and(|class| class.listens()) {
                self.listening.coming(&claim.classpath, claim.id);
            }
            self.timeouts.extend(claim.timeout_at.map(Reverse));
            let claimed = self.scheduler.claimed(claim, now);
            spans::end(&span, claimed.as_str());
        }
        self.scheduler.not_claimed(missing, now);
    }
}

/// `trigger` is `None` for the events of several triggers in one request.
fn warn_not_accepted(trigger: Option<TriggerId>, error: &ApiError) {
    table::REQUESTS_REFUSED.with([error.fault().as_str()]).increment(1);
    match trigger {
        Some(trigger) => {
            tracing::warn!(trigger_id = %trigger, %error, "The API did not accept what a trigger has to deliver.");
        }
        None => tracing::warn!(%error, "The API did not accept the events of several triggers."),
    }
}
