//! Fires at a moment: the standard provider's `DateTimeTrigger`, with the same kwargs.
//!
//! | kwarg | type | meaning |
//! | --- | --- | --- |
//! | `moment` | datetime with an offset | when to fire; at once when it is past |
//! | `end_from_trigger` | bool, default false | end the task as succeeded instead of resuming it |
//!
//! The payload is the moment in UTC, in the neutral form, as Airflow's own trigger gives it. Needs no grants and no checkpoint.

use trigger_host_sdk::prelude::*;

/// Waits for a moment in time.
#[trigger]
struct At {
    /// When to fire. A naive time is refused.
    moment: DateTime,
    /// Whether to end the task as succeeded instead of resuming it.
    #[serde(default)]
    end_from_trigger: bool,
}

impl Trigger for At {
    type Checkpoint = ();

    fn poll(&self, cx: &Context, _: Option<()>) -> Result<Outcome> {
        if cx.now < self.moment {
            return Ok(Outcome::again_at(self.moment));
        }
        if self.end_from_trigger {
            info!("The moment has come, the task ends here");
            return Ok(Outcome::succeed_task());
        }
        Ok(Outcome::fire(self.moment))
    }
}

#[cfg(test)]
mod tests;
