//! One trigger that listens to its stream: waits for raw events, has the filter look at them, and gives its verdicts.
//!
//! Owns the subscription and the filter. Invariants: a raw event on which the filter failed is given back as failed,
//! never as skipped, and takes no neighbour along: a batch that failed is looked at again in halves; what is skipped
//! stays here and costs nobody else anything.

use std::sync::Arc;
use std::time::Duration;

use sandbox::{EndReason, Filter, Used};
use scheduler::FailureMessage;
use stream_rules::appetite::{self, Appetite};
use stream_rules::{Batch, Delivery, Verdict};
use streams::{Confirmer, Ended, Subscription};
use telemetry::table;
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep};
use tokio_util::task::AbortOnDropHandle;
use trigger_host_types::{Digest, Event, TriggerKind};

use super::Receipt;
use crate::carried::EventMessage;
use crate::encoding::Encoding;

/// Bytes of the raw events of one call, unless one alone is larger.
const MOST_BYTES: usize = 1 << 20;
/// Failed calls of a batch, for each call that it takes when none fails; what is left then is failed unseen. One bad
/// raw event among 256 takes nine.
const MOST_FAILURES: usize = 32;
/// A filter that has nothing to do for so long gives its instance back.
const REST_AFTER: Duration = Duration::from_secs(10);

/// See the module.
pub(crate) struct Listener {
    subscription: Subscription,
    confirmer: Arc<Confirmer>,
    filter: Filter,
    /// Where guests run.
    guests: Handle,
    kind: TriggerKind,
    /// What went wrong with some of the last batch, while the rest of it is delivered.
    fault: Option<Fault>,
    /// Whether the filter has worked since the last report.
    worked: bool,
    appetite: Appetite,
}

/// What was wrong with a raw event of a batch.
pub(crate) enum Fault {
    /// The filter failed on it.
    Call(Box<EndReason>),
    /// The API cannot be given what the filter made of it.
    Unusable(FailureMessage),
}

/// How listening ended.
pub(crate) enum Told {
    /// There are events to fire.
    Events(Vec<EventMessage>),
    /// Raw events were failed; the subscription stays.
    Failed(Fault),
    /// The stream is over for this trigger.
    Over(String),
}

/// What the filter said of a batch.
struct Looked {
    /// For each raw event; none where it failed.
    verdicts: Vec<Option<sandbox::Verdict>>,
    /// Why, of the smallest part on which it failed.
    failed: Option<Box<EndReason>>,
    used: Used,
    /// All calls together, without what they waited for their turns.
    took: Duration,
}

impl Listener {
    pub(super) fn new(subscription: Subscription, filter: Filter, guests: Handle, kind: TriggerKind) -> Self {
        let confirmer = Arc::new(subscription.confirmer());
        Self {
            subscription,
            confirmer,
            filter,
            guests,
            kind,
            fault: None,
            worked: false,
            appetite: Appetite::default(),
        }
    }

    /// Leaves the stream for good.
    pub(crate) fn finish(self) {
        self.subscription.finish();
    }

    /// Whether the filter has worked since this was last asked.
    pub(crate) fn take_worked(&mut self) -> bool {
        std::mem::take(&mut self.worked)
    }

    /// Listens until there is something to tell, where guests run and so does the group: nothing goes from one runtime
    /// to the other for a batch that comes to nothing. Gives itself back unless the stream is over.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the stream, as soon as a call that is under way comes to a halt; what was in hand is
    /// failed.
    pub(crate) async fn listen(self, encoding: Arc<Encoding>) -> (Option<Self>, Told, Used) {
        let guests = self.guests.clone();
        let work = AbortOnDropHandle::new(guests.spawn(self.listen_here(encoding))).await;
        // Our own task: it ends early only when it panics or the host ends.
        work.unwrap_or_else(|_| (None, Told::Over("the host failed while a filter ran".to_owned()), Used::default()))
    }

    async fn listen_here(mut self, encoding: Arc<Encoding>) -> (Option<Self>, Told, Used) {
        if let Some(fault) = self.fault.take() {
            return (Some(self), Told::Failed(fault), Used::default());
        }
        loop {
            let batch = match self.next().await {
                Ok(batch) => batch,
                Err(ended) => return (None, Told::Over(ended.to_string()), Used::default()),
            };
            let Looked { verdicts, failed, used, .. } = self.look(&batch).await;
            match self.settle(&batch, verdicts, &encoding).await {
                Err(over) => return (None, Told::Over(over), used),
                Ok((events, unusable)) => {
                    self.fault = failed.map(Fault::Call).or(unusable.map(Fault::Unusable));
                    if !events.is_empty() {
                        return (Some(self), Told::Events(events), used);
                    }
                    if let Some(fault) = self.fault.take() {
                        return (Some(self), Told::Failed(fault), used);
                    }
                }
            }
        }
    }

    async fn next(&mut self) -> Result<Batch, Ended> {
        let mut next = std::pin::pin!(self.subscription.next(self.appetite.most()));
        tokio::select! {
            batch = &mut next => batch,
            () = sleep(REST_AFTER), if self.filter.is_live() => {
                self.filter.rest();
                next.await
            }
        }
    }

    /// The filter's word on a batch.
    async fn look(&mut self, batch: &[Delivery]) -> Looked {
        let looked = look(&mut self.filter, batch).await;
        self.worked |= looked.verdicts.iter().any(Option::is_some);
        match looked.failed {
            Some(_) => self.appetite = Appetite::default(),
            None => self.appetite.had(batch.len(), looked.took),
        }
        looked
    }

    /// Gives the verdicts on a batch, and makes the events of those that emit. What has no verdict, or none that can be
    /// used, is failed.
    async fn settle(
        &mut self,
        batch: &[Delivery],
        looked: Vec<Option<sandbox::Verdict>>,
        encoding: &Encoding,
    ) -> Result<(Vec<EventMessage>, Option<FailureMessage>), String> {
        let (mut verdicts, mut events) = (Vec::with_capacity(batch.len()), Vec::new());
        let (mut unusable, mut rejected, mut why) = (None, 0_u64, None);
        for (raw, verdict) in batch.iter().zip(looked) {
            verdicts.push(match verdict {
                None => Verdict::Failed,
                Some(sandbox::Verdict::Skip) => Verdict::Skip,
                Some(sandbox::Verdict::Reject(reason)) => {
                    rejected += 1;
                    why.get_or_insert(reason);
                    Verdict::Reject
                }
                Some(sandbox::Verdict::Emit(made)) => match self.encoded(raw, made, events.is_empty(), encoding) {
                    Ok(made) if made.is_empty() => Verdict::Skip,
                    Ok(made) => {
                        let count = u32::try_from(made.len()).unwrap_or(u32::MAX);
                        events.extend(made);
                        Verdict::Emit { events: count }
                    }
                    Err(failure) => {
                        unusable = Some(failure);
                        Verdict::Failed
                    }
                },
            });
        }
        let seqs = self.subscription.verdicts(verdicts).await.map_err(|error| error.to_string())?;
        table::STREAM_EVALUATIONS.get().increment(batch.len() as u64);
        if let Some(why) = why {
            table::STREAM_REJECTIONS.get().increment(rejected);
            let trigger = self.subscription.id().trigger();
            tracing::warn!(trigger_id = %trigger, rejected, first = encoding.mask(&why), "Raw events were rejected.");
        }
        // Before anything is waited for: an event that is dropped has to say so.
        for (event, seq) in events.iter_mut().zip(seqs) {
            event.receipt = seq.map(|seq| Receipt::new(Arc::clone(&self.confirmer), seq));
        }
        Ok((events, unusable))
    }

    fn encoded(
        &self,
        raw: &Delivery,
        made: Vec<Event>,
        is_first: bool,
        encoding: &Encoding,
    ) -> Result<Vec<EventMessage>, FailureMessage> {
        let most = match self.kind {
            // It takes the first event only: what comes behind it concerns this trigger no more.
            TriggerKind::Task => usize::from(is_first),
            TriggerKind::Asset | TriggerKind::Callback => usize::MAX,
        };
        if most == 0 || made.is_empty() {
            return Ok(Vec::new());
        }
        let digest = Digest::of(&raw.data);
        made.into_iter().take(most).enumerate().map(|(at, event)| encoding.encode_event_of(digest, at, event)).collect()
    }
}

/// Calls the filter as often as the size of a batch demands, and again on the halves of what it failed on.
async fn look(filter: &mut Filter, batch: &[Delivery]) -> Looked {
    let began = Instant::now();
    let (verdicts, used, took) = (Vec::with_capacity(batch.len()), Used::default(), Duration::ZERO);
    let mut looked = Looked { verdicts, failed: None, used, took };
    let mut parts: Vec<&[Delivery]> = parts(batch).collect();
    parts.reverse();
    let (mut failures, most_failures) = (0, parts.len() * MOST_FAILURES);
    while let Some(part) = parts.pop() {
        if failures == most_failures {
            looked.verdicts.extend(part.iter().map(|_| None));
            continue;
        }
        let ended = filter.evaluate(part.iter().map(|raw| &raw.data[..])).await;
        looked.took += ended.used.wall;
        let cpu = looked.used.cpu + ended.used.cpu;
        looked.used = Used { cpu, wall: began.elapsed(), ..ended.used };
        match ended.result {
            Ok(verdicts) => looked.verdicts.extend(verdicts.into_iter().map(Some)),
            Err(reason) => {
                failures += 1;
                looked.failed = Some(Box::new(reason));
                let (left, right) = part.split_at(part.len() / 2);
                if left.is_empty() {
                    looked.verdicts.push(None);
                } else {
                    parts.extend([right, left]);
                }
            }
        }
    }
    looked
}

/// Cuts the batch into what one call takes: at most [`appetite::CALL`] raw events and [`MOST_BYTES`].
fn parts(batch: &[Delivery]) -> impl Iterator<Item = &[Delivery]> {
    let mut rest = batch;
    std::iter::from_fn(move || {
        let mut size = 0_usize;
        let fits = |raw: &&Delivery| {
            size = size.saturating_add(raw.data.len());
            size <= MOST_BYTES
        };
        let count = rest.iter().take(appetite::CALL).take_while(fits).count().max(1).min(rest.len());
        let (part, behind) = rest.split_at(count);
        rest = behind;
        (!part.is_empty()).then_some(part)
    })
}

#[cfg(test)]
mod tests {
    use stream_rules::EventId;

    use super::*;

    #[test]
    fn a_batch_goes_in_pieces_that_are_not_too_large() {
        let raw = |size: usize| Delivery { id: EventId(0), data: vec![0; size].into() };
        let sizes = |batch: &[Delivery]| parts(batch).map(<[_]>::len).collect::<Vec<_>>();
        assert_eq!(sizes(&[raw(1), raw(2), raw(3)]), [3]);
        assert_eq!(sizes(&[raw(MOST_BYTES), raw(1), raw(MOST_BYTES + 1), raw(1)]), [1, 1, 1, 1]);
        assert_eq!(sizes(&[raw(MOST_BYTES / 2), raw(MOST_BYTES / 2), raw(1)]), [2, 1]);
        assert!(sizes(&[]).is_empty());
        assert_eq!(sizes(&vec![raw(1); 2 * appetite::CALL + 1]), [appetite::CALL, appetite::CALL, 1]);
    }
}
