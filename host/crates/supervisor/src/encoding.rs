//! What a guest answered, as the scheduler expects it and as the operator reads it.
//!
//! Invariant: the guest's own words pass through the masker before anybody reads them.

use encodings::event_to_wire;
use execution_api::Extensions;
use logs::Masker;
use sandbox::{EndReason, Ended, Next, Outcome};
use scheduler::{FailureMessage, Place, Source};
use trigger_host_types::step::Stop;
use trigger_host_types::{Digest, Event, EventKind, TriggerKind, UnixMs, Used};

use crate::carried::{Answer, Answered, EventMessage};

/// Why a call has no answer, in words.
pub(crate) fn describe_stop(reason: &EndReason, used: &Used, masker: &Masker) -> Stop {
    let mut lines = reason.lines().into_iter().map(|line| masker.mask_cut(&line).into_owned());
    Stop {
        reason: reason.code(),
        message: lines.next().unwrap_or_default(),
        details: lines.collect(),
        limit: reason.limit(),
        used: Some(used.clone()),
    }
}

/// What a call's answer is made into.
pub(crate) struct Encoding {
    pub(crate) kind: TriggerKind,
    pub(crate) extensions: Extensions,
    /// Makes the keys.
    pub(crate) source: Source,
    /// Goes over what a failure says of the guest's own words.
    pub(crate) masker: Masker,
    /// The trigger's time when the call ended.
    pub(crate) now: UnixMs,
}

impl Encoding {
    /// The answer as the scheduler takes it: events encoded for the API, times absolute.
    pub(crate) fn encode_answer(&self, ended: Ended<Outcome>) -> Answered {
        let outcome = ended.result.map_err(|reason| self.describe_failure(&reason))?;
        // A task takes the first event only.
        let most = if self.kind == TriggerKind::Task { 1 } else { usize::MAX };
        let events = outcome.events.into_iter().take(most).enumerate();
        let events = events.map(|(at, event)| self.encode_event(&self.source, at, event)).collect::<Result<_, _>>()?;
        let next = match outcome.next {
            Next::After(wait) => {
                let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
                Some(self.now.saturating_add(wait))
            }
            Next::At(at) => Some(at),
            Next::Finished => None,
        };
        Ok(Answer { events, checkpoint: outcome.checkpoint, next })
    }

    /// The event at `index` of those made of one raw event.
    pub(crate) fn encode_event_of(
        &self,
        raw: Digest,
        index: usize,
        event: Event,
    ) -> Result<EventMessage, FailureMessage> {
        self.encode_event(&Source { place: Place::RawEvent(raw), ..self.source.clone() }, index, event)
    }

    /// Words of a guest, without secrets.
    pub(crate) fn mask(&self, text: &str) -> String {
        self.masker.mask_cut(text).into_owned()
    }

    /// A call that has no answer.
    pub(crate) fn describe_failure(&self, reason: &EndReason) -> FailureMessage {
        FailureMessage {
            reason: reason.code(),
            message: self.masker.mask_cut(&reason.to_string()).into_owned(),
            lines: Some(reason.lines().iter().map(|line| self.masker.mask_cut(line).into_owned()).collect()),
        }
    }

    fn encode_event(&self, source: &Source, at: usize, event: Event) -> Result<EventMessage, FailureMessage> {
        let refused = |message: String| FailureMessage::new("bad-payload", message);
        if event.kind != EventKind::Fire && !self.extensions.event_kind {
            return Err(refused(format!(
                "the trigger ends its task with `{}`, which this Execution API does not support: install the Airflow plugin, or fire an event instead",
                event.kind.as_str()
            )));
        }
        let wire = event_to_wire(&event, self.kind, source.key(at))
            .map_err(|error| refused(format!("event {at}: {error}")))?;
        Ok(EventMessage { wire, payload: event.payload, receipt: None })
    }
}
