//! Carries out what the scheduler asks of shared streams: listening, and settling receipts.

use std::sync::Arc;

use scheduler::{FailureMessage, Fate, Impossible, Ticket};
use trigger_host_types::{TriggerId, Used};

use super::effects::count_impossible;
use super::operations::Report;
use super::{Actor, Running};
use crate::carried::Heard;
use crate::encoding::{Encoding, describe_stop};
use crate::host_calls::{context, identify};
use crate::streams::{Fault, Hall, Listener, Newcomer, NotJoined, Receipt, Told, settle};

impl Actor {
    /// Waits for raw events on behalf of a trigger, which joins its stream first if it has not.
    pub(super) fn listen(&mut self, ticket: Ticket) {
        let (Some(trigger), Some(encoding)) = (self.scheduler.trigger(ticket), self.encoding(ticket)) else {
            return count_impossible(Impossible::OutdatedEffect);
        };
        let Some(class) = trigger.class.clone() else { return count_impossible(Impossible::NoClass) };
        let (id, subject) = (trigger.id, trigger.subject());
        let exit = self.listening.exits.entry(id).or_default().clone();
        let listener = self.listening.listeners.remove(&id).ok_or_else(|| {
            let asker = identify(trigger, &class, self.heart.job());
            Box::new(Newcomer {
                context: context(trigger, self.clock.now()),
                kwargs: trigger.kwargs.to_string(),
                host: self.host_calls(trigger, &class),
                upstreams: Arc::clone(self.parts.catalog.upstreams()),
                connections: self.desk.connections(Arc::clone(&asker)),
                broker: self.lending(asker),
                clock: Arc::clone(&self.clock),
                sandbox: self.parts.sandbox.clone(),
                exit,
                class,
            })
        });
        let hall = self.listening.hall.clone();
        let call = self.operations.spawn(listening(hall, ticket, id, listener, encoding));
        self.calls.insert(ticket, Running { call, subject, listens: true });
    }

    /// Tells the groups of streams what became of events.
    pub(super) fn settle(&mut self, receipts: Vec<(Receipt, Fate)>) {
        if receipts.is_empty() {
            return;
        }
        self.listening.settling += 1;
        self.operations.spawn(async move {
            settle(receipts).await;
            Report::Settled
        });
    }
}

async fn listening(
    hall: Hall,
    ticket: Ticket,
    trigger: TriggerId,
    listener: Result<Box<Listener>, Box<Newcomer>>,
    encoding: Encoding,
) -> Report {
    let joined = match listener {
        Ok(listener) => Ok(listener),
        Err(newcomer) => {
            let classpath = newcomer.class.classpath.clone();
            let joined = hall.join(*newcomer).await.map(Box::new);
            if joined.is_err() {
                let waiting = hall.cohorts.lock().gone(&classpath, trigger);
                hall.not_coming(waiting, trigger);
            }
            joined
        }
    };
    let report = |listener, used, stop, worked, outcome| {
        let heard = Heard { outcome, worked };
        Report::Heard { ticket, trigger, listener, used, stop, heard }
    };
    match joined {
        Err(NotJoined::Refused(why)) => report(None, None, None, false, Err(FailureMessage::new("bad-stream", why))),
        Err(NotJoined::Call(reason)) => {
            let stop = Box::new(describe_stop(&reason, &Used::default(), &encoding.masker));
            report(None, None, Some(stop), false, Err(encoding.describe_failure(&reason)))
        }
        Ok(listener) => {
            let encoding = Arc::new(encoding);
            let (listener, told, used) = listener.listen(Arc::clone(&encoding)).await;
            let mut listener = listener.map(Box::new);
            let worked = listener.as_mut().is_some_and(|listener| listener.take_worked());
            match told {
                Told::Events(events) => report(listener, Some(used), None, worked, Ok(events)),
                Told::Failed(Fault::Unusable(failure)) => report(listener, Some(used), None, worked, Err(failure)),
                Told::Over(why) => report(None, None, None, worked, Err(FailureMessage::new("stream", why))),
                Told::Failed(Fault::Call(reason)) => {
                    let stop = Box::new(describe_stop(&reason, &used, &encoding.masker));
                    report(listener, Some(used), Some(stop), worked, Err(encoding.describe_failure(&reason)))
                }
            }
        }
    }
}
