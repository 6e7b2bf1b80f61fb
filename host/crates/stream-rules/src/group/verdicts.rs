//! What a subscriber makes of the raw events it has in hand, and what becomes of it in storage.
//!
//! Owns the two ways to tie trigger events to raw events: by time (`W1`-`W5`, `R1`-`R5`) and by verdict. Invariants: a
//! number is drawn only when it binds (`B1`); nothing is acked before every number bound to it is confirmed (`B3`).

use super::Group;
use super::emitting::Emitted;
use super::recorded::Ruling;
use crate::effect::{Effect, Notice, Verdict};
use crate::ids::{EventId, Moment, Seq, SubscriptionId};
use crate::outcome::{FailedBy, Resolution};
use crate::policy::Mode;

/// Why verdicts are refused. The call stays open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerdictError {
    /// It has left, or the group is over.
    #[error("this subscription has ended")]
    Gone,
    /// Nothing is in its hands.
    #[error("no batch is open, so there is nothing to give verdicts for")]
    NothingOpen,
    /// There has to be one for each raw event, in order.
    #[error("{given} verdicts were given for {wanted} raw events; give one for each, in order")]
    Number {
        /// Verdicts given.
        given: usize,
        /// Raw events in the batch.
        wanted: usize,
    },
    /// An `emit` without events.
    #[error("an emit needs at least one event; to fire none, skip the raw event")]
    EmptyEmit,
    /// It covers a raw event that this subscriber does not hold.
    #[error("raw event {} is covered, but this subscriber does not hold it", .0.0)]
    NotHeld(EventId),
}

/// Why a trigger event will never be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotStored {
    /// The server will never store it: its raw event counts as rejected.
    Refused,
    /// Its trigger went away before the event was delivered: its raw event counts as failed.
    Abandoned,
}

impl Group {
    /// Closes what is open as processed (`W2`).
    pub(super) fn close_window(&mut self, slot: u32) {
        let open = self.slots.at_mut(slot).open.take();
        for event in open.iter().flat_map(|open| open.batch.iter()) {
            self.close_event(slot, event.id);
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
        self.apply(subscription, verdicts.iter().copied().map(Ruling::Verdict), now, effects)
    }

    /// See [`Group::verdicts`].
    pub(super) fn apply<'a>(
        &mut self,
        subscription: SubscriptionId,
        rulings: impl ExactSizeIterator<Item = Ruling<'a>> + Clone,
        now: Moment,
        effects: &mut Vec<Effect>,
    ) -> Result<Vec<Option<Seq>>, VerdictError> {
        let slot = self.slots.find(subscription).ok_or(VerdictError::Gone)?;
        if self.mode == Mode::Fast {
            return Ok(gate_nothing(rulings));
        }
        self.clock = now;
        self.check(slot, rulings.clone())?;
        let open = self.slots.at_mut(slot).open.take().ok_or(VerdictError::NothingOpen)?;
        let mut emitted = Emitted::default();
        for (event, ruling) in open.batch.iter().zip(rulings) {
            match ruling {
                Ruling::Verdict(Verdict::Skip) => self.resolve(slot, event.id, Resolution::Acked),
                Ruling::Verdict(Verdict::Reject) => {
                    self.resolve(slot, event.id, Resolution::Rejected);
                    effects.push(Effect::Notice(Notice::Rejected(subscription.trigger, event.id)));
                }
                Ruling::Verdict(Verdict::Failed) => {
                    self.resolve_at_once(slot, event.id, Resolution::Failed(FailedBy::Filter));
                }
                Ruling::Verdict(Verdict::Emit { events }) => self.emit(slot, event.id, events, &[], &mut emitted),
                Ruling::EmitCovering { events, covers } => self.emit(slot, event.id, events, covers, &mut emitted),
                Ruling::Hold if self.owes(slot, event.id) => self.unstored.hold_back(slot, event.id, open.handed),
                Ruling::Hold => {}
            }
        }
        let seqs = self.bind_emitted(slot, emitted, open.handed);
        self.settle(now, effects);
        Ok(seqs)
    }

    fn check<'a>(&self, slot: u32, rulings: impl ExactSizeIterator<Item = Ruling<'a>>) -> Result<(), VerdictError> {
        let state = self.slots.at(slot);
        let wanted = state.open.as_ref().ok_or(VerdictError::NothingOpen)?.batch.len();
        if rulings.len() != wanted {
            return Err(VerdictError::Number { given: rulings.len(), wanted });
        }
        let mut held: Vec<EventId> = Vec::new();
        let open = state.open.iter().flat_map(|open| open.batch.iter());
        for (event, ruling) in open.zip(rulings) {
            match ruling {
                Ruling::Hold => held.push(event.id),
                Ruling::Verdict(Verdict::Emit { events: 0 }) | Ruling::EmitCovering { events: 0, .. } => {
                    return Err(VerdictError::EmptyEmit);
                }
                Ruling::EmitCovering { covers, .. } => {
                    let unknown = |id: &&EventId| {
                        // What was failed meanwhile gates nothing, but is not a mistake of the filter's.
                        self.owes(slot, **id) && !held.contains(id) && !self.unstored.contains(slot, **id)
                    };
                    if let Some(id) = covers.iter().find(unknown) {
                        return Err(VerdictError::NotHeld(*id));
                    }
                }
                Ruling::Verdict(_) => {}
            }
        }
        Ok(())
    }

    /// The filter trapped, failed or ran out of budget: what it had in hand is failed, never acked. It may ask for
    /// more.
    pub fn call_failed(&mut self, subscription: SubscriptionId, now: Moment, effects: &mut Vec<Effect>) {
        self.clock = now;
        let Some(slot) = self.slots.find(subscription) else { return };
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
fn gate_nothing<'a>(rulings: impl Iterator<Item = Ruling<'a>>) -> Vec<Option<Seq>> {
    let events = rulings.map(|ruling| match ruling {
        Ruling::Verdict(Verdict::Emit { events }) | Ruling::EmitCovering { events, .. } => events as usize,
        Ruling::Verdict(Verdict::Skip | Verdict::Reject | Verdict::Failed) | Ruling::Hold => 0,
    });
    vec![None; events.sum()]
}
