//! Watches a host until it has ended: signals, what the API says of triggers, and whether any still waits.

use std::time::Duration;

use supervisor::Supervisor;
use tokio::sync::broadcast;
use tokio::time::MissedTickBehavior;
use trigger_host_types::step::{Step, StepKind};

use super::Development;
use crate::exit::Failure;
use crate::signals::{Signals, Wish};

/// How long after a step it is looked whether any trigger still waits, when nothing else happens.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Whoever is shown what happens.
pub(crate) trait Audience {
    /// A step that only the API knows; the supervisor reports the others to its observer.
    fn see(&self, step: &Step);

    /// Whether nobody looks any more, so that the host may end.
    fn has_left(&self) -> bool;
}

impl Development {
    /// Until the host has ended, or with `until_idle` until no trigger waits. True: a second signal cut the end short.
    ///
    /// # Errors
    /// The host's own fault.
    pub(crate) async fn watch(
        &self,
        mut supervisor: Supervisor,
        mut steps: broadcast::Receiver<Step>,
        signals: &mut Signals,
        until_idle: bool,
        audience: &impl Audience,
    ) -> Result<bool, Failure> {
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut ending = false;
        loop {
            // Every branch may be dropped: the supervisor's end, signals and the API's steps stay where they are.
            tokio::select! {
                ended = supervisor.ended() => {
                    ended?;
                    while let Ok(step) = steps.try_recv() {
                        audience.see(&step);
                    }
                    return Ok(false);
                }
                wish = signals.next() => match (wish, ending) {
                    (Wish::Reload, _) => {}
                    (Wish::End, true) => {
                        supervisor.stop_now();
                        return Ok(true);
                    }
                    (Wish::End, false) => {
                        ending = true;
                        supervisor.drain();
                    }
                },
                step = steps.recv() => if let Ok(step) = step {
                    audience.see(&step);
                    if matches!(step.what, StepKind::Deferred { .. }) {
                        supervisor.poke();
                    }
                },
                _ = look.tick() => {
                    let idle = until_idle && self.is_idle().await?;
                    if !ending && (idle || audience.has_left()) {
                        ending = true;
                        supervisor.drain();
                    }
                }
            }
        }
    }
}
