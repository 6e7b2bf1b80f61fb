//! The messages of one group.
//!
//! Owns their shapes. Each message is one uninterrupted section of the state machine.

use matching::Match;
use stream_rules::status::Status;
use stream_rules::{
    AdvanceError, Batch, BatchId, Counts, Failure, JoinError, Lane, NotStored, PollEnd, Raw, Seq, SubscriptionId,
    Verdict, VerdictError,
};
use trigger_host_types::TriggerId;

/// Takes an answer to whoever asked; false when nobody waits for it any more.
pub type Reply<T> = Box<dyn FnOnce(T) -> bool + Send>;

/// Why a subscription gets no more raw events.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// It failed; leave, and come back later.
    #[error("{0}")]
    Failed(Failure),
    /// It has heard of its failure before, or the group was stopped.
    #[error("the stream has ended")]
    Over,
    /// The last batch has no verdicts yet.
    #[error("give the verdicts for the last batch first")]
    VerdictsMissing,
}

/// How a subscriber leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaving {
    /// It may come back.
    Away,
    /// It has what it waited for.
    Done,
}

/// One message.
pub enum Message {
    /// A trigger joins.
    Join {
        /// The trigger.
        trigger: TriggerId,
        /// What it wants to see.
        wanted: Match,
        /// The subscription, or why not.
        reply: Reply<Result<SubscriptionId, JoinError>>,
    },
    /// A subscriber asks for raw events.
    Pull {
        /// The subscriber.
        subscription: SubscriptionId,
        /// The most it can take.
        max: usize,
        /// At least one raw event, or why no more will come.
        reply: Reply<Result<Batch, Ended>>,
    },
    /// A subscriber's verdicts on its last batch.
    Verdicts {
        /// The subscriber.
        subscription: SubscriptionId,
        /// One for each raw event.
        verdicts: Vec<Verdict>,
        /// A number for each trigger event.
        reply: Reply<Result<Vec<Option<Seq>>, VerdictError>>,
    },
    /// A subscriber is gone.
    Leave(SubscriptionId, Leaving),
    /// These trigger events are stored.
    Confirm(Vec<Seq>),
    /// These trigger events will never be stored.
    NotStored(Vec<Seq>, NotStored),
    /// A trigger that the group expected will not come.
    NotComing(TriggerId),
    /// The source is open.
    Opened,
    /// The source could not be opened.
    OpenFailed(PollEnd),
    /// The source gave these.
    Read(Vec<Raw>, Option<PollEnd>),
    /// An advance is over.
    Advanced(BatchId, Result<(), AdvanceError>),
    /// A lane is read again.
    Rewound(Lane),
    /// The producer is closed.
    Closed,
    /// Time has passed.
    Tick,
    /// No more reading; what is resolved is still advanced.
    Stop,
    /// Begin no further read.
    Pause,
    /// Read again.
    Resume,
    /// What the group holds.
    Counts(Reply<Counts>),
    /// What an operator sees of the group.
    Status(Reply<Status>),
}

impl Message {
    /// Takes what the next message says, where both are one: confirmations that come one by one. False when it stays.
    pub(crate) fn takes(&mut self, next: &mut Self) -> bool {
        match (self, next) {
            (Self::Confirm(seqs), Self::Confirm(more)) => {
                seqs.append(more);
                true
            }
            _ => false,
        }
    }
}
