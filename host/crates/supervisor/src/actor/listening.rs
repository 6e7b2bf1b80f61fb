//! What the actor keeps about shared streams: who listens, who is about to, and what is stored.
//!
//! Owns the listeners that are not listening just now (their events are being delivered), how each is to leave its
//! stream, and the groups' actor.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use stream_rules::StreamKey;
use streams::{Exit, Streams};
use tokio::sync::watch;
use trigger_host_types::step::Subject;
use trigger_host_types::{ClassPath, TriggerId};

use crate::streams::{Cohorts, Hall, Listener};

/// See the module.
pub(super) struct Listening {
    pub(super) hall: Hall,
    pub(super) listeners: HashMap<TriggerId, Box<Listener>>,
    /// Of every trigger that has begun to listen, until this host is done with it.
    pub(super) exits: HashMap<TriggerId, Exit>,
    claims: watch::Sender<bool>,
    /// Groups that are about to learn what is stored.
    pub(super) settling: usize,
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

    /// This host is done with a trigger. Unless it was said before that it leaves for good, it may come back here or
    /// elsewhere.
    pub(super) fn gone(&mut self, subject: &Subject) {
        self.exits.remove(&subject.trigger);
        self.listeners.remove(&subject.trigger);
        let waiting = self.hall.cohorts.lock().gone(&subject.classpath, subject.trigger);
        self.hall.not_coming(waiting, subject.trigger);
    }

    /// Every trigger has to join again.
    pub(super) fn leave_all(&mut self) {
        self.listeners.clear();
    }

    pub(super) fn settled(&mut self) {
        self.settling = self.settling.saturating_sub(1);
    }

    /// Whether every group knows what is stored.
    pub(super) fn has_settled(&self) -> bool {
        self.settling == 0
    }

    /// Leaves every stream, and waits until what is stored is acknowledged.
    pub(super) async fn stop(&mut self, limit: Duration) {
        self.leave_all();
        if tokio::time::timeout(limit, self.hall.streams.stop()).await.is_err() {
            tracing::warn!(
                "Some raw events could not be acknowledged before the host ended; the upstream will give them again."
            );
        }
    }
}

impl Hall {
    /// Tells these streams, which wait for a trigger, that it does not come.
    pub(super) fn not_coming(&self, keys: Vec<StreamKey>, trigger: TriggerId) {
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
