//! What a subscriber makes of the raw events it has in hand, and what becomes of it in storage.
//!
//! Owns the two ways to tie trigger events to raw events: by time (`W1`-`W5`, `R1`-`R5`) and by verdict. Invariants: a
//! number is drawn only when it binds (`B1`); nothing is acked before every number bound to it is confirmed (`B3`).

use super::emitting::Emitted;
use super::{Group, Mode};
use crate::effect::{Effect, Notice, Verdict};
use crate::ids::{EventId, Moment, Seq, SubscriptionId};
use crate::outcome::{FailedBy, Resolution};

/// Why verdicts cannot be taken. The call stays open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerdictError {
    /// It has left, or the group is over.
    #[error("this subscription is over")]
    Gone,
    /// Nothing is in its hands.
    #[error("there is no batch to give verdicts on")]
    NothingOpen,
    /// One per raw event, in order.
    #[error("{given} verdicts on {wanted} raw events; give one for each, in order")]
    Number {
        /// Verdicts given.
        given: usize,
        /// Raw events in the batch.
        wanted: usize,
    },
    /// An `emit` without events.
    #[error("an emit without events; skip the raw event instead")]
    EmptyEmit,
    /// It covers a raw event that this subscriber does not hold.
    #[error("raw event {} is covered but was not held", .0.0)]
    NotHeld(EventId),
}

/// Why a trigger event will never be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotStored {
    /// Where it was to be stored it was refused for good: its raw event counts as rejected.
    Refused,
    /// Its trigger is gone before it was told: its raw event counts as failed.
    Abandoned,
}

impl Group {
    /// The filter emits one trigger event: its number, if it binds to the open window (`W4`).
    pub fn bind(&mut self, subscription: SubscriptionId) -> Option<Seq> {
        let slot = self.slots.of(subscription).filter(|_| !self.evicted)?;
        let open = self.slots.at(slot).open.as_ref()?;
        let (id, handed) = (open.batch.last()?.id, open.handed);
        self.owes(slot, id).then(|| {
            let seq = self.sequence.draw();
            self.unstored.bind(seq, slot, vec![id], false, handed);
            seq
        })
    }

    /// Closes what is open as processed (`W2`).
    pub(super) fn close_window(&mut self, slot: u32) {
        let open = self.slots.at_mut(slot).open.take();
        for event in open.iter().flat_map(|open| open.batch.iter()) {
            self.close_event(slot, event.id);
        }
    }

    /// The filter refuses the event of its open window, which stays open (`R1`-`R3`).
    pub fn reject(&mut self, subscription: SubscriptionId, now: Moment, effects: &mut Vec<Effect>) {
        let slot = self.slots.of(subscription);
        let open = slot.and_then(|slot| Some((slot, self.slots.at(slot).open.as_ref()?.batch.last()?.id)));
        match open {
            Some((slot, id)) => {
                self.resolve_at_once(slot, id, Resolution::Rejected);
                effects.push(Effect::Notice(Notice::Rejected(subscription.trigger, id)));
                self.settle(now, effects);
            }
            None => effects.push(Effect::Notice(Notice::RejectWithoutWindow)),
        }
    }

    /// The filter's verdicts on the batch in its hands, one for each raw event. Returns a number for each trigger
    /// event, in order; None where it gates nothing any more (`W4`).
    ///
    /// # Errors
    /// The verdicts do not fit the batch. Nothing happened; a caller that cannot do better reports the call as failed.
    pub fn verdicts(
        &mut self,
        subscription: SubscriptionId,
        verdicts: &[Verdict],
        now: Moment,
        effects: &mut Vec<Effect>,
    ) -> Result<Vec<Option<Seq>>, VerdictError> {
        let slot = self.slots.of(subscription).ok_or(VerdictError::Gone)?;
        if self.mode == Mode::Fast {
            return Ok(gating_nothing(verdicts));
        }
        self.check(slot, verdicts)?;
        let open = self.slots.at_mut(slot).open.take().ok_or(VerdictError::NothingOpen)?;
        let mut emitted = Emitted::default();
        for (event, verdict) in open.batch.iter().zip(verdicts) {
            match verdict {
                Verdict::Skip => self.resolve(slot, event.id, Resolution::Acked),
                Verdict::Reject => {
                    self.resolve(slot, event.id, Resolution::Rejected);
                    effects.push(Effect::Notice(Notice::Rejected(subscription.trigger, event.id)));
                }
                Verdict::Hold if self.owes(slot, event.id) => self.unstored.hold_back(slot, event.id, open.handed),
                Verdict::Hold => {}
                Verdict::Emit { events, covers } => self.emit(slot, event.id, *events, covers, &mut emitted),
            }
        }
        let seqs = self.bind_emitted(slot, emitted, open.handed);
        self.settle(now, effects);
        Ok(seqs)
    }

    fn check(&self, slot: u32, verdicts: &[Verdict]) -> Result<(), VerdictError> {
        let state = self.slots.at(slot);
        let wanted = state.open.as_ref().ok_or(VerdictError::NothingOpen)?.batch.len();
        if verdicts.len() != wanted {
            return Err(VerdictError::Number { given: verdicts.len(), wanted });
        }
        let mut held: Vec<EventId> = Vec::new();
        let open = state.open.iter().flat_map(|open| open.batch.iter());
        for (event, verdict) in open.zip(verdicts) {
            match verdict {
                Verdict::Hold => held.push(event.id),
                Verdict::Emit { events: 0, .. } => return Err(VerdictError::EmptyEmit),
                Verdict::Emit { covers, .. } => {
                    let unknown = |id: &&EventId| {
                        // What was failed meanwhile gates nothing, but is no mistake of the filter's.
                        self.owes(slot, **id) && !held.contains(id) && !self.unstored.contains(slot, **id)
                    };
                    if let Some(id) = covers.iter().find(unknown) {
                        return Err(VerdictError::NotHeld(*id));
                    }
                }
                Verdict::Skip | Verdict::Reject => {}
            }
        }
        Ok(())
    }

    /// The filter trapped, failed or ran out of budget: what it had in hand is failed, never acked. It may ask for
    /// more.
    pub fn call_failed(&mut self, subscription: SubscriptionId, now: Moment, effects: &mut Vec<Effect>) {
        self.clock = now;
        let Some(slot) = self.slots.of(subscription) else { return };
        let open = self.slots.at_mut(slot).open.take();
        for event in open.iter().flat_map(|open| open.batch.iter()) {
            self.resolve_at_once(slot, event.id, Resolution::Failed(FailedBy::Filter));
        }
        self.resolve_held_back(slot, Resolution::Failed(FailedBy::Filter));
        self.settle(now, effects);
    }

    /// These trigger events will never be stored: nobody has to wait for them. Numbers that gate nothing here are
    /// ignored.
    pub fn not_stored(
        &mut self,
        seqs: impl IntoIterator<Item = Seq>,
        why: NotStored,
        now: Moment,
        effects: &mut Vec<Effect>,
    ) {
        if self.evicted {
            return;
        }
        self.clock = now;
        let resolution = match why {
            NotStored::Refused => Resolution::Rejected,
            NotStored::Abandoned => Resolution::Failed(FailedBy::Left),
        };
        let mut given_up = Vec::new();
        seqs.into_iter().for_each(|seq| self.unstored.give_up(seq, &mut given_up));
        for (slot, id) in given_up {
            self.resolve(slot, id, resolution);
            self.free_if_settled(slot);
        }
        self.settle(now, effects);
    }

    /// These trigger events are stored (`B3`-`B5`). Numbers that gate nothing here are ignored.
    pub fn confirm(&mut self, seqs: impl IntoIterator<Item = Seq>, now: Moment, effects: &mut Vec<Effect>) {
        if self.evicted {
            return;
        }
        let mut settled = Vec::new();
        seqs.into_iter().for_each(|seq| self.unstored.confirm(seq, &mut settled));
        for (slot, id) in settled {
            self.resolve(slot, id, Resolution::Acked);
            self.free_if_settled(slot);
        }
        self.settle(now, effects);
    }
}

/// `F1`: without acknowledgement, trigger events fire and gate nothing.
fn gating_nothing(verdicts: &[Verdict]) -> Vec<Option<Seq>> {
    let events = verdicts.iter().map(|verdict| match verdict {
        Verdict::Emit { events, .. } => *events as usize,
        Verdict::Skip | Verdict::Reject | Verdict::Hold => 0,
    });
    vec![None; events.sum()]
}
