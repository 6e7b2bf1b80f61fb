//! A group with a scripted world around it, for tests that say what happens step by step.
//!
//! Owns the effects: each test drains what it looks at.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use matching::Match;
use stream_rules::recorded::{Recorded as _, Ruling};
use stream_rules::{
    AdvanceError, AdvanceItem, Batch, BatchId, Effect, Failure, Group, Lane, Mode, Moment, Policy, PollEnd, Raw, Seq,
    Sequence, SubscriptionId, Verdict,
};
use trigger_host_types::TriggerId;

/// One advanced event: its name; acked, failed, rejected.
pub(crate) type Item = (String, u32, u32, u32);

pub(crate) struct Play {
    pub(crate) group: Group,
    pub(crate) now: Moment,
    pub(crate) effects: Vec<Effect>,
}

pub(crate) fn raw(name: &str, lane: &str) -> Raw {
    let data = Bytes::copy_from_slice(name.as_bytes());
    Raw { payload: data.clone(), data, lane: Lane(Bytes::copy_from_slice(lane.as_bytes())) }
}

pub(crate) fn emit(events: u32) -> Verdict {
    Verdict::Emit { events }
}

pub(crate) fn failure(what: &str, fatal: bool) -> AdvanceError {
    AdvanceError { what: what.into(), fatal, retry_after: None }
}

/// Airflow's rules with a small queue.
pub(crate) fn airflow(queue: usize) -> Policy {
    Policy { queue, ack_timeout: Duration::from_secs(100), ..Policy::airflow() }
}

/// Our rules without waits that a test is not about.
pub(crate) fn safe() -> Policy {
    Policy { grace: Duration::ZERO, ack_timeout: Duration::from_secs(100), ..Policy::safe() }
}

impl Play {
    /// A group whose source is open.
    pub(crate) fn new(policy: Policy, mode: Mode) -> Self {
        let mut play = Self::unopened(policy, mode);
        play.group.opened(play.now, &mut play.effects);
        play
    }

    pub(crate) fn unopened(policy: Policy, mode: Mode) -> Self {
        let (now, mut effects) = (Moment::default(), Vec::new());
        let group = Group::new(policy, mode, Sequence::default(), [], now, &mut effects);
        Self { group, now, effects }
    }

    pub(crate) fn join(&mut self, trigger: i64) -> SubscriptionId {
        self.group.join(TriggerId(trigger), Match::default(), self.now, &mut self.effects).expect("it can join")
    }

    pub(crate) fn read(&mut self, events: &[(&str, &str)]) {
        let events = events.iter().map(|(name, lane)| raw(name, lane)).collect();
        self.group.read(events, None, self.now, &mut self.effects);
    }

    pub(crate) fn end(&mut self, end: PollEnd) {
        self.group.read(Vec::new(), Some(end), self.now, &mut self.effects);
    }

    /// Asks for one event; what came at once.
    pub(crate) fn pull(&mut self, of: SubscriptionId) -> Option<String> {
        self.pull_many(of, 1).first().cloned()
    }

    pub(crate) fn pull_many(&mut self, of: SubscriptionId, max: usize) -> Vec<String> {
        self.group.pull(of, max, self.now, &mut self.effects).expect("it may ask");
        self.delivered(of)
    }

    /// What was handed to a subscriber since the last look.
    pub(crate) fn delivered(&mut self, of: SubscriptionId) -> Vec<String> {
        let taken = self.take(|effect| match effect {
            Effect::HandOver { to, batch } if *to == of => Some(batch.clone()),
            _ => None,
        });
        let events = taken.iter().flat_map(|batch: &Batch| batch.iter());
        events.map(|event| String::from_utf8_lossy(&event.data).into_owned()).collect()
    }

    pub(crate) fn verdicts(&mut self, of: SubscriptionId, verdicts: &[Verdict]) -> Vec<Option<Seq>> {
        self.group.verdicts(of, verdicts, self.now, &mut self.effects).expect("they fit")
    }

    pub(crate) fn rulings(&mut self, of: SubscriptionId, rulings: &[Ruling<'_>]) -> Vec<Option<Seq>> {
        self.group.rulings(of, rulings, self.now, &mut self.effects).expect("they fit")
    }

    pub(crate) fn confirm(&mut self, seqs: &[Seq]) {
        self.group.confirm(seqs.iter().copied(), self.now, &mut self.effects);
    }

    pub(crate) fn leave(&mut self, of: SubscriptionId) {
        self.group.leave(of, self.now, &mut self.effects);
    }

    pub(crate) fn tick(&mut self, seconds: u64) {
        self.now = self.now.after(Duration::from_secs(seconds));
        self.group.tick(self.now, &mut self.effects);
    }

    /// The advances that were begun since the last look: lane, and per item name, acked, failed, rejected.
    pub(crate) fn advances(&mut self) -> Vec<(BatchId, String, Vec<Item>)> {
        let begun = self.take(|effect| match effect {
            Effect::Advance { batch, lane, items } => Some((*batch, lane.clone(), items.clone())),
            _ => None,
        });
        let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
        let item = |item: &AdvanceItem| {
            (text(&item.payload), item.outcome.acked, item.outcome.failed(), item.outcome.rejected)
        };
        let shown = |(batch, lane, items): (BatchId, Lane, Arc<[AdvanceItem]>)| {
            (batch, text(&lane.0), items.iter().map(item).collect())
        };
        begun.into_iter().map(shown).collect()
    }

    /// The one advance that was begun, which now returns well.
    pub(crate) fn advance(&mut self) -> Vec<Item> {
        let mut begun = self.advances();
        assert_eq!(begun.len(), 1, "one advance: {begun:?}");
        let (batch, _, items) = begun.remove(0);
        self.returned(batch, Ok(()));
        items
    }

    pub(crate) fn returned(&mut self, batch: BatchId, result: Result<(), AdvanceError>) {
        self.group.advanced(batch, result, self.now, &mut self.effects);
    }

    pub(crate) fn failures(&mut self) -> Vec<(i64, Failure)> {
        self.take(|effect| match effect {
            Effect::Fail { to, failure } => Some((to.trigger().0, failure.clone())),
            _ => None,
        })
    }

    /// Whether this effect was asked for since the last look.
    pub(crate) fn saw(&mut self, wanted: &Effect) -> bool {
        !self.take(|effect| (effect == wanted).then_some(())).is_empty()
    }

    pub(crate) fn wants_to_read(&mut self) -> Option<usize> {
        self.take(|effect| match effect {
            Effect::Read { max } => Some(*max),
            _ => None,
        })
        .pop()
    }

    fn take<T>(&mut self, pick: impl Fn(&Effect) -> Option<T>) -> Vec<T> {
        let mut taken = Vec::new();
        self.effects.retain(|effect| match pick(effect) {
            Some(found) => {
                taken.push(found);
                false
            }
            None => true,
        });
        taken
    }
}
