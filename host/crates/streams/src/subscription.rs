//! One trigger's hold on a stream.
//!
//! Owns nothing but the way to its group. Invariant: dropping it leaves the group (`U4`), whatever state it is in.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use stream_rules::{Batch, Counts, NotStored, Seq, SubscriptionId, Verdict, VerdictError};
use tokio::runtime::Handle;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use crate::leavers::Leavers;
use crate::message::{Ended, Leaving, Message, Reply};

/// See the module.
#[derive(Debug)]
pub struct Subscription {
    pub(crate) id: SubscriptionId,
    pub(crate) group: mpsc::Sender<Message>,
    pub(crate) leavers: Arc<Leavers>,
    pub(crate) exit: Exit,
}

/// Says of a subscription, wherever that is by now, how it is to leave. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Exit(Arc<AtomicBool>);

impl Exit {
    /// Its trigger does not come back: when the subscription is dropped, no lane waits for it. Changes nothing once it
    /// is.
    pub fn for_good(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn leaving(&self) -> Leaving {
        if self.0.load(Ordering::Acquire) { Leaving::Done } else { Leaving::Away }
    }
}

impl Subscription {
    /// Which subscription this is.
    pub const fn id(&self) -> SubscriptionId {
        self.id
    }

    /// Waits for raw events, at most `max`, at least one.
    ///
    /// # Errors
    /// There will be no more, or the last batch has no verdicts.
    ///
    /// # Cancel safety
    /// A batch that is handed over to a dropped future is failed, and offered again where the policy says so.
    pub async fn next(&self, max: usize) -> Result<Batch, Ended> {
        let subscription = self.id;
        self.ask(|reply| Message::Pull { subscription, max, reply }).await.unwrap_or(Err(Ended::Over))
    }

    /// Gives the verdicts on the last batch; a number for each trigger event, to be confirmed when that is stored.
    ///
    /// # Errors
    /// They do not fit the batch; nothing happened.
    ///
    /// # Cancel safety
    /// Where the future is dropped when the verdicts have been taken, their trigger events count as never to be stored.
    pub async fn verdicts(&self, verdicts: Vec<Verdict>) -> Result<Vec<Option<Seq>>, VerdictError> {
        let (subscription, confirmer) = (self.id, self.confirmer());
        let (reply, answer) = oneshot::channel();
        let reply = Box::new(move |given: Result<_, _>| {
            let given = given.map(|seqs| Numbers { seqs, confirmer });
            reply.send(given).is_ok()
        });
        let asked = self.group.send(Message::Verdicts { subscription, verdicts, reply }).await;
        asked.map_err(|_| VerdictError::Gone)?;
        answer.await.map_err(|_| VerdictError::Gone)?.map(Numbers::take)
    }

    /// Leaves because its trigger has what it waited for: nothing more concerns it, and no lane waits for it to come
    /// back.
    pub fn finish(self) {
        self.exit.for_good();
    }

    /// The same subscription, which leaves as `exit` says when it is dropped.
    #[must_use]
    pub fn leaving_by(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// Confirms this subscription's trigger events, also after it has left.
    pub fn confirmer(&self) -> Confirmer {
        Confirmer { group: self.group.clone() }
    }

    /// What its group holds; None when that is over.
    pub async fn counts(&self) -> Option<Counts> {
        self.ask(Message::Counts).await
    }

    async fn ask<T: Send + 'static>(&self, message: impl FnOnce(Reply<T>) -> Message) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.group.send(message(Box::new(move |value| reply.send(value).is_ok()))).await.ok()?;
        answer.await.ok()
    }
}

/// Numbers on their way to who gave the verdicts, who may have gone away meanwhile: whoever drops them says that
/// nothing of theirs will be stored.
struct Numbers {
    seqs: Vec<Option<Seq>>,
    confirmer: Confirmer,
}

impl Numbers {
    fn take(mut self) -> Vec<Option<Seq>> {
        std::mem::take(&mut self.seqs)
    }
}

impl Drop for Numbers {
    fn drop(&mut self) {
        let seqs: Vec<Seq> = self.seqs.drain(..).flatten().collect();
        if !seqs.is_empty() {
            self.confirmer.abandon(seqs);
        }
    }
}

/// Tells a group that trigger events are stored (`B3`). Cheap to clone; outlives the subscription, as a one-shot
/// trigger's event does.
#[derive(Debug, Clone)]
pub struct Confirmer {
    group: mpsc::Sender<Message>,
}

impl Confirmer {
    /// These trigger events are stored. Numbers that gate nothing any more are ignored (`B5`).
    pub async fn confirm(&self, seqs: Vec<Seq>) {
        // A group that is gone needs no message.
        let _ = self.group.send(Message::Confirm(seqs)).await;
    }

    /// These trigger events will never be stored, so nobody has to wait for them.
    pub async fn not_stored(&self, seqs: Vec<Seq>, why: NotStored) {
        // As above.
        let _ = self.group.send(Message::NotStored(seqs, why)).await;
    }

    /// The same for those whose trigger is gone, from where nobody can wait: a group whose queue is full learns of it
    /// when there is room. Outside of a runtime the host has ended, and no group needs to know.
    pub fn abandon(&self, seqs: Vec<Seq>) {
        let abandoned = Message::NotStored(seqs, NotStored::Abandoned);
        if let Err(TrySendError::Full(abandoned)) = self.group.try_send(abandoned)
            && let Ok(runtime) = Handle::try_current()
        {
            let group = self.group.clone();
            // Ends with the group.
            runtime.spawn(async move { drop(group.send(abandoned).await) });
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.leavers.leave(self.id, self.exit.leaving());
    }
}
