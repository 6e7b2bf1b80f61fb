//! All shared streams of a process, to those who use them.
//!
//! Owns the way to the table and to the groups in it. Invariants: a trigger that meets a group which has just ended
//! gets a fresh one (`L3`, `L4`); stopping stops all groups at the same time; looking at groups never waits for one
//! that does not answer.

use std::collections::BTreeMap;

use matching::Match;
use stream_rules::status::Totals;
use stream_rules::{JoinError, StreamKey, SubscriptionId};
use tokio::runtime;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use trigger_host_types::TriggerId;

use crate::message::Message;
use crate::request::{Handle, PauseError, Request, Subscribe, SubscribeError};
use crate::status::{self, GroupStatus};
use crate::subscription::{Exit, Subscription};
use crate::table::{QUEUE, Table};
use crate::totals::Sums;

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct Streams {
    requests: mpsc::Sender<Request>,
    groups: TaskTracker,
    stop: CancellationToken,
    sums: Sums,
}

impl Streams {
    /// Starts the table's task on the current runtime, where groups and their producers will run.
    pub fn start() -> Self {
        Self::start_on(runtime::Handle::current())
    }

    /// The same with groups on another runtime, which has to last until all of them are over: the one where most of
    /// those run who listen, as handing over within a runtime costs much less than between two.
    pub fn start_on(home: runtime::Handle) -> Self {
        let (requests, inbox) = mpsc::channel(QUEUE);
        let streams =
            Self { requests, groups: TaskTracker::new(), stop: CancellationToken::new(), sums: Sums::default() };
        let table = Table::new(
            streams.requests.downgrade(),
            streams.groups.clone(),
            home,
            streams.stop.clone(),
            streams.sums.clone(),
        );
        streams.groups.spawn(table.run(inbox));
        streams
    }

    /// Joins a stream. Makes a group for it when none takes subscribers.
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

    /// Every group that is not over, by number, and every paused stream. Takes at most two seconds: a group that has
    /// not answered by then is listed without what it holds.
    pub async fn status(&self) -> Vec<GroupStatus> {
        status::look_at_all(&self.requests).await
    }

    /// What all groups have done, those that are over included, by the kind of their source. For metrics: no sum ever
    /// falls.
    pub fn totals(&self) -> BTreeMap<&'static str, Totals> {
        self.sums.all()
    }

    /// Begins no further read of this stream. What was read is still handed over, settled and advanced, a read that is
    /// under way included. Holds also for the groups that come after the present one, until [`Streams::resume`].
    ///
    /// # Errors
    /// The stream has no group that takes subscribers, or too many streams are paused.
    pub async fn pause(&self, key: StreamKey) -> Result<(), PauseError> {
        let (reply, done) = oneshot::channel();
        self.requests.send(Request::Pause { key, reply }).await.map_err(|_| PauseError::Stopping)?;
        done.await.map_err(|_| PauseError::Stopping)?
    }

    /// Reads this stream again. Nothing happens when it is not paused.
    ///
    /// # Errors
    /// The stream is not paused and has no group.
    pub async fn resume(&self, key: StreamKey) -> Result<(), PauseError> {
        let (reply, done) = oneshot::channel();
        self.requests.send(Request::Resume { key, reply }).await.map_err(|_| PauseError::Stopping)?;
        done.await.map_err(|_| PauseError::Stopping)?
    }

    /// Stops every group at the same time and waits until all of them are drained, closed and left (`X1`). Each has its
    /// own deadline; those who hold a subscription have to drop it.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.groups.close();
        self.groups.wait().await;
    }
}

/// The subscription is made where the answer is, so that an asker who gives up in between leaves (by its drop) and does
/// not linger.
async fn join(handle: &Handle, trigger: TriggerId, wanted: Match) -> Option<Result<Subscription, JoinError>> {
    let (answer, joined) = oneshot::channel();
    let (group, leavers) = (handle.messages.clone(), handle.leavers.clone());
    let reply = Box::new(move |joined: Result<SubscriptionId, JoinError>| {
        let _ = answer.send(joined.map(|id| Subscription { id, group, leavers, exit: Exit::default() }));
        true
    });
    handle.messages.send(Message::Join { trigger, wanted, reply }).await.ok()?;
    joined.await.ok()
}
