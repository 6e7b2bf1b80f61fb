//! All shared streams of a process.
//!
//! Owns the table of keys, in a task of its own that nothing waits in. Invariants: the table changes only there (`L0`); a trigger that meets a
//! group which has just ended gets a fresh one (`L3`, `L4`); stopping stops all groups at the same time.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use trigger_host_types::TriggerId;

use super::message::Message;
use super::producer::Producer;
use super::subscription::Subscription;
use super::task::{self, Leavers, Tasks};
use crate::group::{Group, JoinError, Mode};
use crate::ids::{GroupId, Sequence, StreamKey, SubscriptionId};
use crate::matching::Match;
use crate::policy::Policy;
use crate::registry::Registry;

/// Messages that may wait for one group, and for the table.
const QUEUE: usize = 1_024;

/// Everything a trigger brings when it joins a stream.
#[derive(Clone)]
pub struct Subscribe {
    /// Who.
    pub trigger: TriggerId,
    /// Which stream.
    pub key: StreamKey,
    /// What it wants to see.
    pub wanted: Match,
    /// Whether the stream is acknowledged. Counts for the first subscriber only, as do those below (`G2`).
    pub mode: Mode,
    /// The rules.
    pub policy: Policy,
    /// The source.
    pub producer: Arc<dyn Producer>,
    /// Triggers with this key that are known to be coming.
    pub cohort: Vec<TriggerId>,
}

/// Why a trigger cannot join a stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubscribeError {
    /// It has joined it before and not left.
    #[error("trigger {0} is already subscribed to this stream")]
    AlreadySubscribed(TriggerId),
    /// Everything is being stopped.
    #[error("shared streams are being stopped")]
    Stopping,
}

#[derive(Clone)]
struct Handle {
    id: GroupId,
    messages: mpsc::Sender<Message>,
    leavers: Arc<Leavers>,
    stop: CancellationToken,
}

enum Request {
    /// The group of a key, other than `over`, which is known to have ended.
    Find {
        subscribe: Box<Subscribe>,
        over: Option<GroupId>,
        reply: oneshot::Sender<Handle>,
    },
    /// The group of a key, if there is one.
    Get {
        key: StreamKey,
        reply: oneshot::Sender<Option<Handle>>,
    },
    Evicted {
        key: StreamKey,
        id: GroupId,
    },
}

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct Streams {
    requests: mpsc::Sender<Request>,
    groups: TaskTracker,
    stop: CancellationToken,
}

impl Streams {
    /// Starts the table's task on the current runtime.
    pub fn start() -> Self {
        let (requests, inbox) = mpsc::channel(QUEUE);
        let streams = Self { requests, groups: TaskTracker::new(), stop: CancellationToken::new() };
        let table = Table {
            registry: Registry::default(),
            sequence: Sequence::default(),
            began: Instant::now(),
            own: streams.requests.downgrade(),
            groups: streams.groups.clone(),
            stop: streams.stop.clone(),
        };
        streams.groups.spawn(table.run(inbox));
        streams
    }

    /// Joins a stream; makes its group if there is none that takes subscribers.
    ///
    /// # Errors
    /// The trigger has joined it already, or everything is being stopped.
    pub async fn subscribe(&self, subscribe: Subscribe) -> Result<Subscription, SubscribeError> {
        let mut over = None;
        loop {
            let (reply, found) = oneshot::channel();
            let request = Request::Find { subscribe: Box::new(subscribe.clone()), over, reply };
            self.requests.send(request).await.map_err(|_| SubscribeError::Stopping)?;
            let handle = found.await.map_err(|_| SubscribeError::Stopping)?;
            match join(&handle, subscribe.trigger, subscribe.wanted.clone()).await {
                Some(Ok(subscription)) => return Ok(subscription),
                Some(Err(JoinError::AlreadySubscribed(trigger))) => {
                    return Err(SubscribeError::AlreadySubscribed(trigger));
                }
                Some(Err(JoinError::Over)) | None => over = Some(handle.id),
            }
        }
    }

    /// A trigger that a group expects will not join it, so need not be waited for (`D1`).
    pub async fn not_coming(&self, key: StreamKey, trigger: TriggerId) {
        let (reply, found) = oneshot::channel();
        // When everything is being stopped, nobody waits for anyone.
        let _ = self.requests.send(Request::Get { key, reply }).await;
        if let Ok(Some(handle)) = found.await {
            let _ = handle.messages.send(Message::NotComing(trigger)).await;
        }
    }

    /// Stops every group at the same time and waits until all of them are drained, closed and left (`X1`). Each has its own deadline; those
    /// who hold a subscription have to drop it.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.groups.close();
        self.groups.wait().await;
    }
}

/// The subscription is made where the answer is, so that an asker who gives up in between leaves (by its drop) and does not linger.
async fn join(handle: &Handle, trigger: TriggerId, wanted: Match) -> Option<Result<Subscription, JoinError>> {
    let (answer, joined) = oneshot::channel();
    let (group, leavers) = (handle.messages.clone(), handle.leavers.clone());
    let reply = Box::new(move |joined: Result<SubscriptionId, JoinError>| {
        let _ = answer.send(joined.map(|id| Subscription { id, group, leavers }));
        true
    });
    handle.messages.send(Message::Join { trigger, wanted, reply }).await.ok()?;
    joined.await.ok()
}

struct Table {
    registry: Registry<Handle>,
    sequence: Sequence,
    began: Instant,
    own: mpsc::WeakSender<Request>,
    groups: TaskTracker,
    stop: CancellationToken,
}

impl Table {
    /// # Cancel safety
    /// Receiving and being cancelled can both be waited for again.
    async fn run(mut self, mut inbox: mpsc::Receiver<Request>) {
        loop {
            let request = tokio::select! {
                request = inbox.recv() => request,
                () = self.stop.cancelled() => None,
            };
            match request {
                Some(Request::Find { subscribe, over, reply }) => {
                    if let Some(over) = over {
                        self.registry.evict(&subscribe.key, over);
                    }
                    let found = self.registry.get(&subscribe.key).map(|(_, handle)| handle.clone());
                    let handle = found.unwrap_or_else(|| self.make(*subscribe));
                    // Whoever asked may have given up.
                    let _ = reply.send(handle);
                }
                Some(Request::Get { key, reply }) => {
                    // Whoever asked may have given up.
                    let _ = reply.send(self.registry.get(&key).map(|(_, handle)| handle.clone()));
                }
                Some(Request::Evicted { key, id }) => {
                    self.registry.evict(&key, id);
                }
                None => break,
            }
        }
        for (_, handle) in self.registry.take_all() {
            handle.stop.cancel();
        }
    }

    fn make(&mut self, subscribe: Subscribe) -> Handle {
        let Subscribe { trigger: _, key, wanted: _, mode, policy, producer, cohort } = subscribe;
        let mut effects = Vec::new();
        let now = task::moment(self.began, Instant::now());
        let group = Group::new(policy, mode, self.sequence.clone(), cohort, now, &mut effects);
        let (messages, inbox) = mpsc::channel(QUEUE);
        let id = self.registry.number();
        let handle = Handle { id, messages, leavers: Arc::default(), stop: self.stop.child_token() };
        let tasks = Tasks::new(key.clone(), self.began, producer);
        let (own, evicted_key) = (self.own.clone(), key.clone());
        let evicted = move || {
            // When the table is too busy to be told, it learns it from the next trigger that asks for this key.
            let request = Request::Evicted { key: evicted_key.clone(), id };
            let _ = own.upgrade().map(|own| own.try_send(request));
        };
        let (leavers, stop) = (handle.leavers.clone(), handle.stop.clone());
        self.groups.spawn(task::run(group, effects, tasks, inbox, leavers, stop, evicted));
        self.registry.insert(key, id, handle.clone());
        handle
    }
}
