//! The calls of advance.
//!
//! Owns which advances share a call (`Producer::gather`), and those that wait for one. Invariants: an advance is in at
//! most one call; nothing waits for company: what is ready when a call may begin is all that it takes; what was in an
//! abandoned call is failed, not forgotten.

use std::collections::{HashMap, VecDeque};
use std::num::NonZeroUsize;

use stream_rules::{AdvanceError, BatchId};
use tokio::task::AbortHandle;

use crate::message::Message;
use crate::producer::Advance;

/// Names one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct CallId(u64);

struct Call {
    batches: Vec<BatchId>,
    task: Option<AbortHandle>,
}

/// See the module.
pub(crate) struct Calls {
    /// Advances that one call takes.
    gather: usize,
    /// Calls that run at the same time.
    most: usize,
    ready: VecDeque<(BatchId, Advance)>,
    running: HashMap<CallId, Call>,
    /// What was in a call with an advance that was abandoned.
    failed: Vec<BatchId>,
    begun: u64,
}

impl Calls {
    pub(crate) fn new(gather: Option<NonZeroUsize>, most: usize) -> Self {
        let (ready, running, failed) = (VecDeque::new(), HashMap::new(), Vec::new());
        Self { gather: gather.map_or(1, NonZeroUsize::get), most: most.max(1), ready, running, failed, begun: 0 }
    }

    /// This one may be made.
    pub(crate) fn add(&mut self, batch: BatchId, advance: Advance) {
        self.ready.push_back((batch, advance));
    }

    /// The next call to begin, if one may. [`Calls::began`] has to follow with its task.
    pub(crate) fn next(&mut self) -> Option<(CallId, Vec<Advance>)> {
        if self.ready.is_empty() || self.running.len() >= self.most {
            return None;
        }
        let (batches, advances) = self.ready.drain(..self.gather.min(self.ready.len())).unzip();
        self.begun += 1;
        let id = CallId(self.begun);
        self.running.insert(id, Call { batches, task: None });
        Some((id, advances))
    }

    pub(crate) fn began(&mut self, id: CallId, task: AbortHandle) {
        if let Some(call) = self.running.get_mut(&id) {
            call.task = Some(task);
        }
    }

    /// A call has returned. One that was abandoned says nothing any more.
    pub(crate) fn returned(&mut self, id: CallId, results: Vec<Result<(), AdvanceError>>) -> Vec<Message> {
        let batches = self.running.remove(&id).map(|call| call.batches).unwrap_or_default();
        let missing = || Err(failed("the call gave no result for this lane"));
        let results = results.into_iter().chain(std::iter::repeat_with(missing));
        batches.into_iter().zip(results).map(|(batch, result)| Message::Advanced(batch, result)).collect()
    }

    /// This one is given up. Its call is aborted, as a call cannot go on without one of its lanes.
    pub(crate) fn abandon(&mut self, batch: BatchId) {
        self.ready.retain(|(ready, _)| *ready != batch);
        let found = self.running.iter().find(|(_, call)| call.batches.contains(&batch)).map(|(id, _)| *id);
        if let Some(call) = found.and_then(|id| self.running.remove(&id)) {
            call.task.iter().for_each(AbortHandle::abort);
            self.failed.extend(call.batches.into_iter().filter(|other| *other != batch));
        }
    }

    /// What became of those whose call was aborted under them.
    pub(crate) fn next_failed(&mut self) -> Option<Message> {
        let batch = self.failed.pop()?;
        Some(Message::Advanced(batch, Err(failed("the call was given up, as it took too long"))))
    }
}

fn failed(what: &str) -> AdvanceError {
    AdvanceError { what: what.into(), fatal: false, retry_after: None }
}

#[cfg(test)]
mod tests {
    use stream_rules::Lane;

    use super::*;

    fn two_of_three() -> (Calls, CallId) {
        let mut calls = Calls::new(NonZeroUsize::new(2), 1);
        for batch in 1..4 {
            calls.add(BatchId(batch), Advance { lane: Lane::default(), items: std::sync::Arc::new([]) });
        }
        let first = calls.next().map(|(id, advances)| (id, advances.len()));
        assert_eq!(first, Some((CallId(1), 2)));
        assert!(calls.next().is_none(), "no more calls at the same time");
        (calls, CallId(1))
    }

    fn batches(messages: impl IntoIterator<Item = Message>) -> Vec<(u64, bool)> {
        let batch = |message| match message {
            Message::Advanced(batch, result) => Some((batch.0, result.is_ok())),
            _ => None,
        };
        messages.into_iter().filter_map(batch).collect()
    }

    #[test]
    fn what_shares_an_abandoned_call_is_failed() {
        let (mut calls, first) = two_of_three();
        calls.abandon(BatchId(1));
        assert_eq!(batches(std::iter::from_fn(|| calls.next_failed())), [(2, false)]);
        assert!(calls.returned(first, vec![Ok(()), Ok(())]).is_empty(), "too late");
        assert!(calls.next().is_some(), "there is room again");
    }

    #[test]
    fn what_waits_is_abandoned_alone() {
        let (mut calls, first) = two_of_three();
        calls.abandon(BatchId(3));
        assert!(calls.next_failed().is_none());
        assert_eq!(batches(calls.returned(first, vec![Ok(())])), [(1, true), (2, false)]);
        assert!(calls.next().is_none(), "nothing is left");
    }
}
