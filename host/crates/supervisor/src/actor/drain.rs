//! The end of a host, in the order of docs/design/triggerer.md#shutdown: no new calls, running calls, queued requests,
//! guests dropped, the Job completed last, so that no other host starts a trigger that still runs here.

use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout};

use super::{Actor, LOOK_EVERY};
use crate::summary::Summary;

impl Actor {
    pub(super) async fn drain(mut self) -> Summary {
        self.scheduler.drain();
        self.fetches.forget();
        self.count();
        // Nobody else will call this `on-kill`: its trigger is no longer listed.
        self.until(self.settings.drain.polls, |actor| actor.scheduler.polling() == 0 && actor.killing == 0).await;
        self.scheduler.cancel_polls();
        let delivered = |actor: &Self| !actor.scheduler.has_deliveries() && actor.listening.has_settled();
        self.until(self.settings.drain.deliveries, delivered).await;
        if self.scheduler.has_deliveries() {
            tracing::warn!(
                "Some events could not be sent before the host ended; their triggers run again on another host."
            );
        }
        self.listening.stop(self.settings.drain.deliveries).await;
        self.scheduler.give_back(self.clock.now());
        self.carry_out();
        self.operations.abort_all();
        let completed = timeout(self.settings.drain.complete, self.parts.client.complete(self.heart.job())).await;
        if !matches!(completed, Ok(Ok(()))) {
            tracing::warn!("The Job could not be completed; other hosts can claim its triggers when it is stale.");
        }
        self.heart.stop();
        self.summary
    }

    async fn until(&mut self, limit: Duration, done: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + limit;
        loop {
            self.carry_out();
            if done(self) || Instant::now() >= deadline {
                return;
            }
            if self.jump() {
                continue;
            }
            let wake = self.wake().min(deadline).min(Instant::now() + LOOK_EVERY);
            // Both branches may be dropped.
            tokio::select! {
                Some(ended) = self.operations.join_next_with_id(), if !self.operations.is_empty() => self.handle_end(ended),
                () = sleep_until(wake) => {}
            }
        }
    }
}
