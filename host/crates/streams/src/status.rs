//! Looking at all groups at once.
//!
//! Owns the deadline. Invariant: a group that does not answer is listed as such and holds up nobody's answer.

use std::time::Duration;

use stream_rules::status::{State, Status};
use stream_rules::{GroupId, StreamKey};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::message::Message;
use crate::request::{Known, Request};

/// How long all groups together may take to answer.
const ANSWER: Duration = Duration::from_secs(2);

/// One group, or one paused stream without a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupStatus {
    /// Of which stream.
    pub key: StreamKey,
    /// Its number; the last group's, for a paused stream without one.
    pub id: GroupId,
    /// What kind of source it reads; None without a group.
    pub source: Option<&'static str>,
    /// Whether an operator has paused the stream.
    pub paused: bool,
    /// What was seen.
    pub seen: Seen,
}

/// What was seen of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// What it says of itself.
    Status(Box<Status>),
    /// It did not answer in time.
    NoAnswer,
    /// The stream is paused and has no group at the moment.
    NoGroup,
}

impl GroupStatus {
    /// What [`GroupStatus::state`] says of one that did not answer.
    pub const NO_ANSWER: &str = "no-answer";

    /// One word for what it is doing: a [`State`], or [`GroupStatus::NO_ANSWER`].
    pub const fn state(&self) -> &'static str {
        match &self.seen {
            Seen::Status(status) => status.state.as_str(),
            Seen::NoAnswer => Self::NO_ANSWER,
            Seen::NoGroup => State::Paused.as_str(),
        }
    }
}

/// Asks the table, then all groups at the same time.
pub(crate) async fn look_at_all(table: &mpsc::Sender<Request>) -> Vec<GroupStatus> {
    let until = Instant::now() + ANSWER;
    let known = async {
        let (reply, all) = oneshot::channel();
        table.send(Request::All { reply }).await.ok()?;
        all.await.ok()
    };
    // Without a table, everything is being stopped.
    let known = tokio::time::timeout_at(until, known).await.ok().flatten().unwrap_or_default();
    let mut asked = JoinSet::new();
    for known in known {
        asked.spawn(ask(known, until));
    }
    let mut all: Vec<GroupStatus> = asked.join_all().await.into_iter().flatten().collect();
    all.sort_by_key(|group| group.id);
    all
}

/// None when it has ended meanwhile.
async fn ask(known: Known, until: Instant) -> Option<GroupStatus> {
    let Known { key, id, paused, group } = known;
    let source = group.as_ref().map(|handle| handle.source);
    let seen = match group {
        None => Seen::NoGroup,
        Some(handle) => {
            let answer = async {
                let (reply, answer) = oneshot::channel();
                let message = Message::Status(Box::new(move |status| reply.send(status).is_ok()));
                handle.messages.send(message).await.ok()?;
                answer.await.ok()
            };
            match tokio::time::timeout_at(until, answer).await {
                Ok(status) => Seen::Status(Box::new(status?)),
                Err(_) => Seen::NoAnswer,
            }
        }
    };
    Some(GroupStatus { key, id, source, paused, seen })
}

#[cfg(test)]
mod tests {
    use stream_rules::{Group, Mode, Moment, Policy, Sequence};

    use super::*;
    use crate::request::Handle;

    fn known(id: u64) -> (Known, mpsc::Receiver<Message>) {
        let (messages, inbox) = mpsc::channel(1);
        let (key, id) = (StreamKey::global("k"), GroupId(id));
        (Known { key, id, paused: false, group: Some(Handle::to(id, messages)) }, inbox)
    }

    /// One that is stuck, one whose queue is full as well, one that answers, one that is over.
    #[tokio::test(start_paused = true)]
    async fn nobody_is_waited_for_longer_than_the_deadline() {
        let (table, mut requests) = mpsc::channel(1);
        let ((stuck, _stuck), (full, _full), (well, mut asked)) = (known(1), known(2), known(3));
        let ((over, _), began) = (known(4), Instant::now());
        if let Some(handle) = &full.group {
            assert!(handle.messages.try_send(Message::Tick).is_ok());
        }
        let all = tokio::spawn(async move { look_at_all(&table).await });
        if let Some(Request::All { reply }) = requests.recv().await {
            assert!(reply.send(vec![stuck, full, well, over]).is_ok());
        }
        let group = Group::new(Policy::safe(), Mode::Ack, Sequence::default(), [], Moment::default(), &mut Vec::new());
        if let Some(Message::Status(reply)) = asked.recv().await {
            assert!(reply(group.status(Moment::default())));
        }
        let states: Vec<_> = all.await.unwrap_or_default().iter().map(GroupStatus::state).collect();
        assert_eq!(states, ["no-answer", "no-answer", "grace"]);
        assert_eq!(began.elapsed(), ANSWER);
    }
}
