//! One group's messages in, effects out, without a runtime.
//!
//! Owns who waits for raw events, and who has not left yet. Invariants: everyone who asks is answered once, however it
//! ends; a batch that nobody takes any more is failed, not lost.

use std::collections::HashMap;

use stream_rules::status::Totals;
use stream_rules::{Batch, Effect, Group, Moment, PullError, SubscriptionId};

use crate::message::{Ended, Leaving, Message, Reply};

/// What a group's loop needs of the world.
pub trait Shell {
    /// The time on the group's clock.
    fn now(&self) -> Moment;
    /// Begins an effect, without waiting for it. Never a hand-over, failure or end of a subscription: those are the
    /// loop's own.
    fn perform(&mut self, effect: Effect);
}

/// See the module.
pub struct GroupLoop<S> {
    group: Group,
    shell: S,
    waiting: HashMap<SubscriptionId, Reply<Result<Batch, Ended>>>,
    subscribers: usize,
    effects: Vec<Effect>,
}

impl<S: Shell> GroupLoop<S> {
    /// The loop of a new group; `effects`: what making it has led to.
    pub fn new(group: Group, shell: S, effects: Vec<Effect>) -> Self {
        let mut new = Self { group, shell, waiting: HashMap::new(), subscribers: 0, effects };
        new.perform();
        new
    }

    /// Takes one message and does everything it leads to.
    pub fn handle(&mut self, message: Message) {
        let now = self.shell.now();
        let (group, effects) = (&mut self.group, &mut self.effects);
        match message {
            Message::Join { trigger, wanted, reply } => {
                let joined = group.join(trigger, wanted, now, effects);
                let subscription = joined.as_ref().ok().copied();
                self.subscribers += usize::from(subscription.is_some());
                if let (false, Some(gone)) = (reply(joined), subscription) {
                    self.leave(gone, Leaving::Away, now);
                }
            }
            Message::Pull { subscription, max, reply } => match group.pull(subscription, max, now, effects) {
                Ok(()) => {
                    self.waiting.insert(subscription, reply);
                }
                Err(PullError::Gone) => {
                    reply(Err(Ended::Over));
                }
                Err(PullError::VerdictsMissing) => {
                    reply(Err(Ended::VerdictsMissing));
                }
            },
            Message::Verdicts { subscription, verdicts, reply } => {
                reply(group.verdicts(subscription, &verdicts, now, effects));
            }
            Message::Leave(subscription, how) => self.leave(subscription, how, now),
            Message::Confirm(seqs) => group.confirm(seqs, now, effects),
            Message::NotStored(seqs, why) => group.not_stored(seqs, why, now, effects),
            Message::NotComing(trigger) => group.not_coming(trigger, effects),
            Message::Opened => group.opened(now, effects),
            Message::OpenFailed(end) => group.open_failed(end, false, now, effects),
            Message::Read(events, end) => group.read(events, end, now, effects),
            Message::Advanced(batch, result) => group.advanced(batch, result, now, effects),
            Message::Rewound(lane) => group.rewound(&lane, now, effects),
            Message::Closed => group.closed(effects),
            Message::Tick => group.tick(now, effects),
            Message::Stop => group.stop(now, effects),
            Message::Pause => group.pause(),
            Message::Resume => group.resume(now, effects),
            Message::Counts(reply) => {
                reply(group.counts());
            }
            Message::Status(reply) => {
                reply(group.status(now));
            }
        }
        self.perform();
    }

    /// When a [`Message::Tick`] is due, if ever.
    pub fn next_wake(&self) -> Option<Moment> {
        self.group.next_wake()
    }

    /// Whether nothing is left to do and everyone has left.
    pub fn is_done(&self) -> bool {
        self.group.is_ended() && self.subscribers == 0
    }

    /// What its group has done since it was made.
    pub fn totals(&self) -> Totals {
        self.group.totals()
    }

    /// The world it was given.
    pub fn shell(&mut self) -> &mut S {
        &mut self.shell
    }

    fn leave(&mut self, subscription: SubscriptionId, how: Leaving, now: Moment) {
        self.waiting.remove(&subscription);
        self.subscribers = self.subscribers.saturating_sub(1);
        match how {
            Leaving::Away => self.group.leave(subscription, now, &mut self.effects),
            Leaving::Done => self.group.finish(subscription, now, &mut self.effects),
        }
    }

    fn perform(&mut self) {
        while !self.effects.is_empty() {
            for effect in std::mem::take(&mut self.effects) {
                match effect {
                    Effect::HandOver { to, batch } => self.hand_over(to, batch),
                    Effect::Fail { to, failure } => self.answer(to, Err(Ended::Failed(failure))),
                    Effect::Exhausted { to } => self.answer(to, Err(Ended::Over)),
                    Effect::Ended => {}
                    other => self.shell.perform(other),
                }
            }
        }
        if self.group.is_ended() {
            // `X3`: nothing more will come for those who still wait.
            for (_, reply) in self.waiting.drain() {
                reply(Err(Ended::Over));
            }
        }
    }

    fn answer(&mut self, to: SubscriptionId, answer: Result<Batch, Ended>) {
        if let Some(reply) = self.waiting.remove(&to) {
            reply(answer);
        }
    }

    fn hand_over(&mut self, to: SubscriptionId, batch: Batch) {
        let taken = self.waiting.remove(&to).is_some_and(|reply| reply(Ok(batch)));
        if !taken {
            self.group.call_failed(to, self.shell.now(), &mut self.effects);
        }
    }
}
