//! An operator's pause.
//!
//! Owns what it holds up: the opening of the source and every read. All else goes on: what was read is handed over, settled and advanced,
//! deadlines run, subscribers come and go. Invariant: a paused group begins no read, whatever else happens to it.

use super::Group;
use crate::effect::Effect;
use crate::ids::Moment;

impl Group {
    /// Begins no further read until [`Group::resume`]. A read that is under way may still give what it finds, as dropping that could lose it.
    pub fn pause(&mut self) {
        self.paused = true;
    }

    /// Goes on where [`Group::pause`] stopped.
    pub fn resume(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        if !std::mem::take(&mut self.paused) {
            return;
        }
        if std::mem::take(&mut self.opens_on_resume) {
            self.open(effects);
        }
        self.settle(now, effects);
    }

    /// Whether it is paused.
    pub fn is_paused(&self) -> bool {
        self.paused
    }
}
