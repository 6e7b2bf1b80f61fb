//! What the rules know and no component can say.
//!
//! A component skips, emits or rejects, and the host fails what it failed on: that is a [`Verdict`]. Airflow's own
//! filters bind trigger events to raw events by time, and the contract allows a verdict that waits for a later one.
//! Both are kept for the comparison with recordings of Airflow's manager and for the tests of these rules; nothing in
//! the host calls them, so they are a trait of their own.

use super::Group;
use super::verdicts::VerdictError;
use crate::effect::{Effect, Notice, Verdict};
use crate::ids::{EventId, Moment, Seq, SubscriptionId};
use crate::outcome::Resolution;

/// Everything that can be said of one raw event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruling<'a> {
    /// What a component can say.
    Verdict(Verdict),
    /// Kept open: a later ruling covers it. Its deadline runs on.
    Hold,
    /// Fires trigger events that were also derived from earlier raw events, each answered with [`Ruling::Hold`] before
    /// (`W5`).
    EmitCovering {
        /// How many, at least one.
        events: u32,
        /// The earlier raw events.
        covers: &'a [EventId],
    },
}

/// See the module.
pub trait Recorded {
    /// The filter emits one trigger event: its number, if it binds to the open window (`W4`).
    fn bind(&mut self, subscription: SubscriptionId) -> Option<Seq>;

    /// The filter refuses the event of its open window, which stays open (`R1`-`R3`).
    fn reject(&mut self, subscription: SubscriptionId, now: Moment, effects: &mut Vec<Effect>);

    /// The same as [`Group::verdicts`], with all that can be said.
    ///
    /// # Errors
    /// The rulings do not fit the batch. Nothing happened.
    fn rulings(
        &mut self,
        subscription: SubscriptionId,
        rulings: &[Ruling<'_>],
        now: Moment,
        effects: &mut Vec<Effect>,
    ) -> Result<Vec<Option<Seq>>, VerdictError>;
}

impl Recorded for Group {
    fn bind(&mut self, subscription: SubscriptionId) -> Option<Seq> {
        let slot = self.slots.find(subscription).filter(|_| !self.evicted)?;
        let open = self.slots.at(slot).open.as_ref()?;
        let (id, handed) = (open.batch.last()?.id, open.handed);
        self.owes(slot, id).then(|| {
            let seq = self.sequence.draw();
            self.unstored.bind(seq, slot, vec![id], false, handed);
            seq
        })
    }

    fn reject(&mut self, subscription: SubscriptionId, now: Moment, effects: &mut Vec<Effect>) {
        let slot = self.slots.find(subscription);
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

    fn rulings(
        &mut self,
        subscription: SubscriptionId,
        rulings: &[Ruling<'_>],
        now: Moment,
        effects: &mut Vec<Effect>,
    ) -> Result<Vec<Option<Seq>>, VerdictError> {
        self.apply(subscription, rulings.iter().copied(), now, effects)
    }
}
