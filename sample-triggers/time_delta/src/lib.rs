//! Fires when a time has passed since the task was deferred.
//!
//! | kwarg | type | meaning |
//! | --- | --- | --- |
//! | `delta` (or `seconds`) | seconds, timedelta, or text such as `PT1H30M` or `90s` | how long to wait |
//! | `end_from_trigger` | bool, default false | end the task as succeeded instead of resuming it |
//!
//! The payload is the moment of the deadline. The deadline is fixed at the first poll and kept in the checkpoint, so a
//! restart of the host does not start the wait again. Needs no grants.

use trigger_host_sdk::prelude::*;

/// Waits for a length of time.
#[trigger]
struct After {
    /// How long to wait, from the first poll. Also by the name `seconds`.
    #[serde(alias = "seconds")]
    delta: Duration,
    /// Whether to end the task as succeeded instead of resuming it.
    #[serde(default)]
    end_from_trigger: bool,
}

impl Trigger for After {
    /// The deadline.
    type Checkpoint = DateTime;

    fn poll(&self, cx: &Context, deadline: Option<DateTime>) -> Result<Outcome<DateTime>> {
        let deadline = deadline.unwrap_or(cx.now + self.delta);
        if cx.now < deadline {
            return Ok(Outcome::again_at(deadline).checkpoint(deadline));
        }
        if self.end_from_trigger {
            info!("The time has passed, the task ends here");
            return Ok(Outcome::succeed_task());
        }
        Ok(Outcome::fire(deadline))
    }
}

#[cfg(test)]
mod tests;
