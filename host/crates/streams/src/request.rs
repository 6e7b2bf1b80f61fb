//! What the table of keys is asked for, and what it answers.
//!
//! Owns the shapes alone: how a trigger joins a stream, why that or a pause is refused, and the way to a group.

use std::sync::Arc;

use matching::Match;
use stream_rules::{GroupId, Mode, Policy, StreamKey};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use trigger_host_types::TriggerId;

use crate::leavers::Leavers;
use crate::message::Message;
use crate::producer::Producer;

/// Everything a trigger brings when it joins a stream.
#[derive(Clone)]
pub struct Subscribe {
    /// The trigger that joins.
    pub trigger: TriggerId,
    /// The stream that it joins.
    pub key: StreamKey,
    /// What it wants to see.
    pub wanted: Match,
    /// Whether the stream is acknowledged. Only the first subscriber decides this and what follows (`G2`).
    pub mode: Mode,
    /// The rules of the group.
    pub policy: Policy,
    /// Reads the source and acknowledges.
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

/// Why a stream cannot be paused or resumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PauseError {
    /// It has no group.
    #[error("the stream has no group; it may have ended: list the streams again")]
    NoSuchStream,
    /// As many streams are paused as may be.
    #[error("{0} streams are already paused; resume one first")]
    TooMany(usize),
    /// Everything is being stopped.
    #[error("shared streams are being stopped")]
    Stopping,
}

/// The way to a group.
#[derive(Clone)]
pub(crate) struct Handle {
    pub(crate) id: GroupId,
    pub(crate) source: &'static str,
    pub(crate) messages: mpsc::Sender<Message>,
    pub(crate) leavers: Arc<Leavers>,
    pub(crate) stop: CancellationToken,
    pub(crate) paused: watch::Sender<bool>,
}

#[cfg(test)]
impl Handle {
    /// To whoever listens at `messages`.
    pub(crate) fn to(id: GroupId, messages: mpsc::Sender<Message>) -> Self {
        let (leavers, stop, paused) = (Arc::default(), CancellationToken::new(), watch::Sender::new(false));
        Self { id, source: "test", messages, leavers, stop, paused }
    }
}

/// A stream as the table knows it.
pub(crate) struct Known {
    pub(crate) key: StreamKey,
    pub(crate) id: GroupId,
    pub(crate) paused: bool,
    /// None when it is paused and has no group.
    pub(crate) group: Option<Handle>,
}

pub(crate) enum Request {
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
    /// Every group that is not over, and every paused stream.
    All {
        reply: oneshot::Sender<Vec<Known>>,
    },
    Pause {
        key: StreamKey,
        reply: oneshot::Sender<Result<(), PauseError>>,
    },
    Resume {
        key: StreamKey,
        reply: oneshot::Sender<Result<(), PauseError>>,
    },
    Evicted {
        key: StreamKey,
        id: GroupId,
    },
}
