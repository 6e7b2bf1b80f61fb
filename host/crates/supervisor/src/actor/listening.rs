//! The actor's part in shared streams: who listens, who is about to, and what is stored.
//!
//! Owns the listeners that are not listening just now (their events are being told), how each is to leave its stream, and the groups' actor.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use streams::StreamKey;
use streams::actor::{Exit, Streams};
use tokio::sync::watch;
use trigger_host_types::{ClassPath, TriggerId};

use super::effects::context;
use super::operations::Report;
use super::{Actor, Running};
use crate::encoding::{Encoding, stop};
use crate::host_calls::identify;
use crate::observer::Subject;
use crate::scheduler::{FailureMessage, Heard, Ticket};
use crate::streams::{Cohorts, Fate, Fault, Hall, Listener, Newcomer, NotJoined, Receipt, Told, settle};

/// See the module.
pub(super) struct Listening {
    hall: Hall,
    listeners: HashMap<TriggerId, Box<Listener>>,
    /// Of every trigger that has begun to listen, until this host is done with it.
    exits: HashMap<TriggerId, Exit>,
    claims: watch::Sender<bool>,
    /// Groups that are being told what is stored.
    settling: usize,
}

impl Listening {
    pub(super) fn new(streams: Streams) -> Self {
        let (claims, claimed) = watch::channel(true);
        let hall = Hall { streams, cohorts: Arc::new(Mutex::new(Cohorts::default())), claimed };
        Self { hall, listeners: HashMap::new(), exits: HashMap::new(), claims, settling: 0 }
    }

    /// A trigger of a class that listens was claimed.
    pub(super) fn coming(&self, classpath: &ClassPath, trigger: TriggerId) {
        self.hall.cohorts.lock().coming(classpath, trigger);
    }

    /// Whether workloads are on their way: groups wait for them.
    pub(super) fn claims_are_in(&self, all: bool) {
        self.claims.send_if_modified(|claimed| std::mem::replace(claimed, all) != all);
    }

    pub(super) fn came_back(&mut self, trigger: TriggerId, listener: Option<Box<Listener>>) {
        self.listeners.extend(listener.map(|listener| (trigger, listener)));
    }

    /// A trigger does not come back: when its listener is dropped, wherever that is, no lane waits for it.
    pub(super) fn leave_for_good(&mut self, trigger: TriggerId) {
        match self.listeners.remove(&trigger) {
            Some(listener) => listener.finish(),
            None => self.exits.get(&trigger).into_iter().for_each(Exit::for_good),
        }
    }

    /// This host is done with a trigger. Unless it was said before that it leaves for good, it may come back here or elsewhere.
    pub(super) fn gone(&mut self, subject: &Subject) {
        self.exits.remove(&subject.trigger);
        self.listeners.remove(&subject.trigger);
        let waiting = self.hall.cohorts.lock().gone(&subject.classpath, subject.trigger);
        self.hall.not_coming(waiting, subject.trigger);
    }

    /// Every trigger joins anew.
    pub(super) fn leave_all(&mut self) {
        self.listeners.clear();
    }

    pub(super) fn settled(&mut self) {
        self.settling = self.settling.saturating_sub(1);
    }

    /// Whether every group knows what is stored.
    pub(super) fn has_told(&self) -> bool {
        self.settling == 0
    }

    /// Leaves every stream, and waits until what is stored is acknowledged.
    pub(super) async fn stop(&mut self, limit: Duration) {
        self.leave_all();
        if tokio::time::timeout(limit, self.hall.streams.stop()).await.is_err() {
            tracing::warn!("Some raw events could not be acknowledged before the end: the broker gives them again.");
        }
    }
}

impl Hall {
    /// Says of a trigger that these wait for it in vain.
    fn not_coming(&self, keys: Vec<StreamKey>, trigger: TriggerId) {
        if keys.is_empty() {
            return;
        }
        let streams = self.streams.clone();
        tokio::spawn(async move {
            for key in keys {
                streams.not_coming(key, trigger).await;
            }
        });
    }
}

impl Actor {
    /// Waits for raw events on behalf of a trigger, which joins its stream first if it has not.
    pub(super) fn listen(&mut self, ticket: Ticket) {
        let Some(trigger) = self.scheduler.trigger(ticket) else { return };
        let (Some(class), Some(encoding)) = (trigger.class.clone(), self.encoding(ticket)) else { return };
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
        Err(NotJoined::Refused(why)) => report(None, None, None, false, Err(failure("bad-stream", why))),
        Err(NotJoined::Call(reason)) => {
            let stop = Box::new(stop(&reason, &sandbox::Used::default(), &encoding.masker));
            report(None, None, Some(stop), false, Err(encoding.failure(&reason)))
        }
        Ok(listener) => {
            let encoding = Arc::new(encoding);
            let (listener, told, used) = listener.listen(Arc::clone(&encoding)).await;
            let mut listener = listener.map(Box::new);
            let worked = listener.as_mut().is_some_and(|listener| listener.take_worked());
            match told {
                Told::Events(events) => report(listener, Some(used), None, worked, Ok(events)),
                Told::Failed(Fault::Unusable(failure)) => report(listener, Some(used), None, worked, Err(failure)),
                Told::Over(why) => report(None, None, None, worked, Err(failure("stream", why))),
                Told::Failed(Fault::Call(reason)) => {
                    let stop = Box::new(stop(&reason, &used, &encoding.masker));
                    report(listener, Some(used), Some(stop), worked, Err(encoding.failure(&reason)))
                }
            }
        }
    }
}

fn failure(reason: &'static str, message: String) -> FailureMessage {
    FailureMessage { reason, lines: Some(vec![message.clone()]), message }
}
