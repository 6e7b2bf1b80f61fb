//! One trigger's ear at its stream: waits for raw events, has the filter look at them, and gives its verdicts.
//!
//! Owns the subscription and the filter. Invariants: a batch whose filter failed is given back as failed, never as skipped; raw events that
//! were failed together are looked at one by one when they come again, so that one bad one does not take its neighbours along; what is
//! skipped stays here and costs nobody else anything.

use std::sync::Arc;
use std::time::Duration;

use metrics::counter;
use sandbox::{EndReason, Ended, Filter, Used};
use streams::actor::{self, Confirmer, Subscription};
use streams::{Batch, Delivery, Verdict};
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep};
use tokio_util::task::AbortOnDropHandle;
use trigger_host_types::{Digest, Event, TriggerKind};

use super::Receipt;
use crate::encoding::Encoding;
use crate::metrics as names;
use crate::scheduler::{EventMessage, FailureMessage};

/// Raw events of one call at the most.
const MOST_EVENTS: usize = 256;
/// Bytes of the raw events of one call, unless one alone is larger.
const MOST_BYTES: usize = 1 << 20;
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
    /// So many raw events are looked at one by one.
    careful: usize,
    /// Whether the filter has worked since the last report.
    worked: bool,
}

/// How listening ended.
pub(crate) enum Told {
    /// There are events to fire.
    Events(Vec<EventMessage>),
    /// The filter failed; the subscription stays.
    CallFailed(Box<EndReason>),
    /// What the filter made cannot be told to the API; the subscription stays.
    Unusable(FailureMessage),
    /// The stream is over for this trigger.
    Over(String),
}

impl Listener {
    pub(super) fn new(subscription: Subscription, filter: Filter, guests: Handle, kind: TriggerKind) -> Self {
        let confirmer = Arc::new(subscription.confirmer());
        Self { subscription, confirmer, filter, guests, kind, careful: 0, worked: false }
    }

    /// Whether the filter has worked since this was last asked.
    pub(crate) fn take_worked(&mut self) -> bool {
        std::mem::take(&mut self.worked)
    }

    /// Listens until there is something to tell. Gives itself back unless the stream is over.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the stream; what was in hand is failed.
    pub(crate) async fn listen(mut self, encoding: &Encoding) -> (Option<Self>, Told, Used) {
        loop {
            let batch = match self.next().await {
                Ok(batch) => batch,
                Err(ended) => return (None, Told::Over(ended.to_string()), Used::default()),
            };
            let (mut own, ended) = match self.evaluated(Arc::clone(&batch)).await {
                Ok(evaluated) => evaluated,
                Err(over) => return (None, Told::Over(over), Used::default()),
            };
            let used = ended.used;
            let told = match ended.result {
                Ok(verdicts) => own.settle(&batch, verdicts, encoding).await,
                Err(reason) => Some(Told::CallFailed(Box::new(reason))),
            };
            match told {
                None => self = own,
                Some(Told::Over(why)) => return (None, Told::Over(why), used),
                Some(Told::Events(events)) => return (Some(own), Told::Events(events), used),
                Some(failed) => {
                    own.careful = own.careful.max(2 * batch.len());
                    own.subscription.call_failed().await;
                    return (Some(own), failed, used);
                }
            }
        }
    }

    async fn next(&mut self) -> Result<Batch, actor::Ended> {
        let most = if self.careful > 0 { 1 } else { MOST_EVENTS };
        let mut next = std::pin::pin!(self.subscription.next(most));
        let batch = tokio::select! {
            batch = &mut next => batch,
            () = sleep(REST_AFTER), if self.filter.is_live() => {
                self.filter.rest();
                next.await
            }
        }?;
        self.careful = self.careful.saturating_sub(batch.len());
        Ok(batch)
    }

    /// The filter's word on a batch, in calls that are not too large.
    async fn evaluated(self, batch: Batch) -> Result<(Self, Ended<Vec<sandbox::Verdict>>), String> {
        let Self { subscription, confirmer, mut filter, guests, kind, careful, worked } = self;
        let work = guests.spawn(async move {
            let ended = evaluate(&mut filter, &batch).await;
            (filter, ended)
        });
        // Our own task: it ends early only when it panics or the host ends.
        let (filter, ended) =
            AbortOnDropHandle::new(work).await.map_err(|_| "the host failed while a filter ran".to_owned())?;
        let worked = worked || ended.result.is_ok();
        Ok((Self { subscription, confirmer, filter, guests, kind, careful, worked }, ended))
    }

    /// Gives the verdicts on a batch. None: nothing is to be told.
    async fn settle(&mut self, batch: &[Delivery], given: Vec<sandbox::Verdict>, encoding: &Encoding) -> Option<Told> {
        let (mut verdicts, mut events) = (Vec::with_capacity(batch.len()), Vec::new());
        let (mut rejected, mut why) = (0_u64, None);
        for (raw, verdict) in batch.iter().zip(given) {
            verdicts.push(match verdict {
                sandbox::Verdict::Skip => Verdict::Skip,
                sandbox::Verdict::Reject(reason) => {
                    rejected += 1;
                    why.get_or_insert(reason);
                    Verdict::Reject
                }
                // A task takes the first event only: what comes behind it concerns this trigger no more.
                sandbox::Verdict::Emit(made) => match self.encoded(raw, made, events.is_empty(), encoding) {
                    Ok(made) if made.is_empty() => Verdict::Skip,
                    Ok(made) => {
                        let count = u32::try_from(made.len()).unwrap_or(u32::MAX);
                        events.extend(made);
                        Verdict::Emit { events: count, covers: Vec::new() }
                    }
                    Err(failure) => return Some(Told::Unusable(failure)),
                },
            });
        }
        let seqs = match self.subscription.verdicts(verdicts).await {
            Ok(seqs) => seqs,
            Err(error) => return Some(Told::Over(error.to_string())),
        };
        counter!(names::RAW_EVENTS).increment(batch.len() as u64);
        if let Some(why) = why {
            counter!(names::RAW_REJECTED).increment(rejected);
            tracing::warn!(trigger_id = %self.subscription.id().trigger(), rejected, first = why, "Raw events were rejected.");
        }
        if events.is_empty() {
            return None;
        }
        for (event, seq) in events.iter_mut().zip(seqs) {
            event.receipt = seq.map(|seq| Receipt::new(Arc::clone(&self.confirmer), seq));
        }
        Some(Told::Events(events))
    }

    fn encoded(
        &self,
        raw: &Delivery,
        made: Vec<Event>,
        is_first: bool,
        encoding: &Encoding,
    ) -> Result<Vec<EventMessage>, FailureMessage> {
        let most = match self.kind {
            TriggerKind::Task if is_first => 1,
            TriggerKind::Task => 0,
            TriggerKind::Asset | TriggerKind::Callback => usize::MAX,
        };
        if most == 0 || made.is_empty() {
            return Ok(Vec::new());
        }
        let digest = Digest::of(&raw.data);
        made.into_iter().take(most).enumerate().map(|(at, event)| encoding.event_of(digest, at, event)).collect()
    }
}

/// Calls the filter as often as the size of a batch demands.
async fn evaluate(filter: &mut Filter, batch: &[Delivery]) -> Ended<Vec<sandbox::Verdict>> {
    let began = Instant::now();
    let (mut verdicts, mut used) = (Vec::with_capacity(batch.len()), Used::default());
    for part in parts(batch) {
        let ended = filter.evaluate(part.iter().map(|raw| &raw.data[..])).await;
        let cpu = used.cpu + ended.used.cpu;
        used = Used { cpu, wall: began.elapsed(), ..ended.used };
        match ended.result {
            Ok(given) => verdicts.extend(given),
            Err(reason) => return Ended { result: Err(reason), used },
        }
    }
    Ended { result: Ok(verdicts), used }
}

/// The batch in pieces of at most [`MOST_BYTES`].
fn parts(batch: &[Delivery]) -> impl Iterator<Item = &[Delivery]> {
    let mut rest = batch;
    std::iter::from_fn(move || {
        let mut size = 0_usize;
        let fits = |raw: &&Delivery| {
            size = size.saturating_add(raw.data.len());
            size <= MOST_BYTES
        };
        let count = rest.iter().take_while(fits).count().max(1).min(rest.len());
        let (part, behind) = rest.split_at(count);
        rest = behind;
        (!part.is_empty()).then_some(part)
    })
}

#[cfg(test)]
mod tests {
    use streams::EventId;

    use super::*;

    #[test]
    fn a_batch_goes_in_pieces_that_are_not_too_large() {
        let raw = |size: usize| Delivery { id: EventId(0), data: vec![0; size].into() };
        let sizes = |batch: &[Delivery]| parts(batch).map(<[_]>::len).collect::<Vec<_>>();
        assert_eq!(sizes(&[raw(1), raw(2), raw(3)]), [3]);
        assert_eq!(sizes(&[raw(MOST_BYTES), raw(1), raw(MOST_BYTES + 1), raw(1)]), [1, 1, 1, 1]);
        assert_eq!(sizes(&[raw(MOST_BYTES / 2), raw(MOST_BYTES / 2), raw(1)]), [2, 1]);
        assert!(sizes(&[]).is_empty());
    }
}
