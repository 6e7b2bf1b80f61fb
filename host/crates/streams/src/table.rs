//! The table of keys, in a task of its own that nothing waits in.
//!
//! Owns which key has which group, which groups are not over yet, and which streams are paused. Invariants: the table
//! changes only here (`L0`); a pause belongs to the stream, so the groups that come after a paused one are paused too;
//! stopping stops all groups at the same time.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use stream_rules::{Group, GroupId, Registry, Sequence, StreamKey};
use tokio::runtime;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::request::{Handle, Known, PauseError, Request, Subscribe};
use crate::task::{self, Tasks, Wires};
use crate::totals::Sums;

/// Messages that may wait for one group, and for the table.
pub(crate) const QUEUE: usize = 1_024;
/// Streams that may be paused, those included that have no group at the moment.
const PAUSED: usize = 1_000;

/// See the module.
pub(crate) struct Table {
    registry: Registry<Handle>,
    /// Every group that is not over, including those that no longer take subscribers.
    all: BTreeMap<GroupId, (StreamKey, Handle)>,
    /// With the number of the stream's present or last group.
    paused: HashMap<StreamKey, GroupId>,
    sequence: Sequence,
    sums: Sums,
    began: Instant,
    own: mpsc::WeakSender<Request>,
    groups: TaskTracker,
    /// Where they run.
    home: runtime::Handle,
    stop: CancellationToken,
}

impl Table {
    pub(crate) fn new(
        own: mpsc::WeakSender<Request>,
        groups: TaskTracker,
        home: runtime::Handle,
        stop: CancellationToken,
        sums: Sums,
    ) -> Self {
        let (registry, sequence, began) = (Registry::default(), Sequence::default(), Instant::now());
        let (all, paused) = (BTreeMap::new(), HashMap::new());
        Self { registry, all, paused, sequence, sums, began, own, groups, home, stop }
    }

    /// # Cancel safety
    /// Receiving and being cancelled can both be waited for again.
    pub(crate) async fn run(mut self, mut inbox: mpsc::Receiver<Request>) {
        loop {
            let request = tokio::select! {
                request = inbox.recv() => request,
                () = self.stop.cancelled() => None,
            };
            match request {
                Some(request) => self.answer(request),
                None => break,
            }
        }
        for (_, handle) in self.registry.take_all() {
            handle.stop.cancel();
        }
    }

    /// Whoever asked may have given up: then the answer goes nowhere.
    fn answer(&mut self, request: Request) {
        match request {
            Request::Find { subscribe, over, reply } => {
                if let Some(over) = over {
                    self.registry.evict(&subscribe.key, over);
                }
                let found = self.registry.get(&subscribe.key).map(|(_, handle)| handle.clone());
                let _ = reply.send(found.unwrap_or_else(|| self.make(*subscribe)));
            }
            Request::Get { key, reply } => {
                let _ = reply.send(self.registry.get(&key).map(|(_, handle)| handle.clone()));
            }
            Request::All { reply } => {
                let _ = reply.send(self.all());
            }
            Request::Pause { key, reply } => {
                let _ = reply.send(self.pause(key));
            }
            Request::Resume { key, reply } => {
                let _ = reply.send(self.resume(&key));
            }
            Request::Evicted { key, id } => {
                self.registry.evict(&key, id);
            }
        }
    }

    fn all(&mut self) -> Vec<Known> {
        self.forget_the_ended();
        let here = self.all.iter().map(|(id, (key, handle))| {
            let paused = *handle.paused.borrow();
            Known { key: key.clone(), id: *id, paused, group: Some(handle.clone()) }
        });
        let gone = self.paused.iter().filter(|(_, id)| !self.all.contains_key(id));
        let gone = gone.map(|(key, id)| Known { key: key.clone(), id: *id, paused: true, group: None });
        let mut known: Vec<Known> = here.chain(gone).collect();
        known.sort_by_key(|known| known.id);
        known
    }

    fn forget_the_ended(&mut self) {
        self.all.retain(|_, (_, handle)| !handle.messages.is_closed());
    }

    fn pause(&mut self, key: StreamKey) -> Result<(), PauseError> {
        if self.paused.contains_key(&key) {
            return Ok(());
        }
        let (id, handle) = self.registry.get(&key).ok_or(PauseError::NoSuchStream)?;
        if self.paused.len() >= PAUSED {
            return Err(PauseError::TooMany(PAUSED));
        }
        handle.paused.send_replace(true);
        self.paused.insert(key, id);
        Ok(())
    }

    fn resume(&mut self, key: &StreamKey) -> Result<(), PauseError> {
        let paused = self.paused.remove(key).is_some();
        match self.registry.get(key) {
            Some((_, handle)) => {
                handle.paused.send_if_modified(std::mem::take);
                Ok(())
            }
            None if paused => Ok(()),
            None => Err(PauseError::NoSuchStream),
        }
    }

    fn make(&mut self, subscribe: Subscribe) -> Handle {
        let Subscribe { trigger: _, key, wanted: _, mode, policy, producer, cohort } = subscribe;
        self.forget_the_ended();
        let id = self.registry.number();
        let paused = self.paused.get_mut(&key).map(|last| *last = id).is_some();
        let mut effects = Vec::new();
        let now = task::moment(self.began, Instant::now());
        let calls = policy.advance.max_in_flight;
        let policy = producer.gather().map_or(policy, |lanes| policy.gathering(lanes));
        let make = if paused { Group::new_paused } else { Group::new };
        let group = make(policy, mode, self.sequence.clone(), cohort, now, &mut effects);
        let (messages, inbox) = mpsc::channel(QUEUE);
        let (pauses, pause) = watch::channel(paused);
        let (source, stop) = (producer.source(), self.stop.child_token());
        let handle = Handle { id, source, messages, leavers: Arc::default(), stop, paused: pauses };
        let tasks = Tasks::new(key.clone(), self.began, producer, calls);
        let (own, evicted_key) = (self.own.clone(), key.clone());
        let evicted = move || {
            // A table that is too busy to hear it learns of it from the next trigger that asks for this key.
            let request = Request::Evicted { key: evicted_key.clone(), id };
            let _ = own.upgrade().map(|own| own.try_send(request));
        };
        let (leavers, stop) = (handle.leavers.clone(), handle.stop.clone());
        let wires = Wires { messages: inbox, leavers, stop, paused: pause };
        let run = task::run(group, effects, tasks, wires, self.sums.follower(source), evicted);
        self.groups.spawn_on(run, &self.home);
        self.registry.insert(key.clone(), id, handle.clone());
        self.all.insert(id, (key, handle.clone()));
        handle
    }
}
