//! One group's next deadline on tokio's clock.
//!
//! Owns one timer, which is set again only when the deadline has changed: most turns of a group do not change it.
//! Invariant: it goes off once for each time it is set.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use stream_rules::Moment;
use tokio::time::{Instant, Sleep};

/// See the module.
pub(crate) struct Alarm {
    began: Instant,
    at: Option<Moment>,
    sleep: Pin<Box<Sleep>>,
}

impl Alarm {
    /// An alarm that is not set. `began`: when the group's clock began.
    pub(crate) fn new(began: Instant) -> Self {
        Self { began, at: None, sleep: Box::pin(tokio::time::sleep_until(began)) }
    }

    /// Sets the moment at which it goes off: never for None, or for a moment that does not fit the clock.
    pub(crate) fn set_to(&mut self, wake: Option<Moment>) {
        if self.at == wake {
            return;
        }
        let at = wake.and_then(|wake| self.began.checked_add(Duration::from_micros(wake.as_micros())));
        self.at = wake.filter(|_| at.is_some());
        at.into_iter().for_each(|at| self.sleep.as_mut().reset(at));
    }
}

impl Future for Alarm {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.at.is_none() {
            return Poll::Pending;
        }
        ready!(self.sleep.as_mut().poll(context));
        self.at = None;
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn goes_off(alarm: &mut Alarm, within: u64) -> bool {
        tokio::time::timeout(Duration::from_micros(within), alarm).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn goes_off_once_for_each_time_it_is_set() {
        let began = Instant::now();
        let mut alarm = Alarm::new(began);
        assert!(!goes_off(&mut alarm, 1_000_000).await, "it was not set");
        alarm.set_to(Some(Moment::from_micros(2_000_000)));
        assert!(!goes_off(&mut alarm, 500_000).await, "not yet");
        alarm.set_to(Some(Moment::from_micros(2_000_000)));
        assert!(goes_off(&mut alarm, 600_000).await);
        assert!(!goes_off(&mut alarm, 1_000_000).await, "it has gone off");
        alarm.set_to(Some(Moment::from_micros(9_000_000)));
        alarm.set_to(Some(Moment::from_micros(3_000_000)));
        assert!(goes_off(&mut alarm, 1_000_000).await, "the last word counts");
        alarm.set_to(Some(Moment::from_micros(4_000_000)));
        alarm.set_to(None);
        alarm.set_to(Some(Moment::from_micros(u64::MAX)));
        assert!(!goes_off(&mut alarm, 10_000_000).await, "not in this life");
    }
}
