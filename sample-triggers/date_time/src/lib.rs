//! Fires at a moment: the standard provider's `DateTimeTrigger`, with the same kwargs.
//!
//! | kwarg | type | meaning |
//! | --- | --- | --- |
//! | `moment` | datetime with an offset | when to fire; at once when it is past |
//! | `target_time` | the same | the same by the name that the standard sensor uses with `start_from_trigger`: one of both must be given |
//! | `end_from_trigger` | bool, default false | end the task as succeeded instead of resuming it |
//!
//! The payload is the moment in UTC, in the neutral form, as Airflow's own trigger gives it. Needs no grants and no
//! checkpoint.

use trigger_host_sdk::prelude::*;

/// Waits for a moment in time.
#[trigger]
struct At {
    /// When to fire. A naive time is refused.
    moment: Option<DateTime>,
    /// The same by another name; one of both must be given.
    target_time: Option<DateTime>,
    /// Whether to end the task as succeeded instead of resuming it.
    #[serde(default)]
    end_from_trigger: bool,
}

impl Trigger for At {
    type Checkpoint = ();

    fn check(&self) -> Result<()> {
        self.due().map(drop)
    }

    fn poll(&self, cx: &Context, _: Option<()>) -> Result<Outcome> {
        let moment = self.due()?;
        if cx.now < moment {
            return Ok(Outcome::again_at(moment));
        }
        if self.end_from_trigger {
            info!("The moment has come, the task ends here");
            return Ok(Outcome::succeed_task());
        }
        Ok(Outcome::fire(moment))
    }
}

impl At {
    fn due(&self) -> Result<DateTime> {
        match (self.moment, self.target_time) {
            (Some(moment), None) | (None, Some(moment)) => Ok(moment),
            _ => Err(Error::kwarg("moment", "expected a datetime, either here or as `target_time`, but not both")),
        }
    }
}

#[cfg(test)]
mod tests;
