//! The outcome of a poll, and the description of a component: from WIT to checked values.

use std::time::Duration;

use trigger_host_types::{Event, EventKind, Xcom};

use super::json;
use crate::bindings::exports::trigger_host::trigger::manifest as wit_manifest;
use crate::bindings::trigger_host::trigger::types as wit;
use crate::log::{cut, inert};
use crate::{Description, EndReason, Limits, Next, Outcome};

/// A hundred years: so that adding it to any time of this world stays within bounds.
const LONGEST_WAIT_MS: u64 = 100 * 366 * 24 * 3_600_000;
/// The end of the year 9999.
const LAST_TIME_MS: u64 = 253_402_300_799_999;
/// Longest summary of a description.
const MOST_SUMMARY: usize = 1 << 10;

/// Checks an outcome: JSON texts, their size, how many.
pub(crate) fn outcome(given: wit::Outcome, limits: &Limits) -> Result<Outcome, EndReason> {
    let limit = limits.events as usize;
    if given.events.len() > limit {
        return Err(bad(format!("{} events, more than {limit}", given.events.len())));
    }
    let xcoms: usize = given.events.iter().map(|event| xcoms_of(&event.kind).len()).sum();
    if xcoms > limit {
        return Err(bad(format!("{xcoms} XComs, more than {limit}")));
    }
    let size = size(&given);
    if size > limits.answer_bytes {
        return Err(bad(format!("events and checkpoint of {size} bytes, more than {}", limits.answer_bytes)));
    }
    if let Some(checkpoint) = &given.checkpoint {
        check(checkpoint, || "the checkpoint".to_owned())?;
    }
    let events = given.events.into_iter().enumerate().map(|(at, one)| event(at, one)).collect::<Result<_, _>>()?;
    let next = match given.next {
        wit::Next::After(ms) => Next::After(Duration::from_millis(ms.min(LONGEST_WAIT_MS))),
        wit::Next::At(at) => Next::At(at.min(LAST_TIME_MS)),
        wit::Next::Finished => Next::Finished,
    };
    Ok(Outcome { events, checkpoint: given.checkpoint, next })
}

/// Checks a description.
pub(crate) fn description(given: wit_manifest::Description, limits: &Limits) -> Result<Description, EndReason> {
    let size = given.kwargs_schema.len() as u64;
    if size > limits.answer_bytes {
        return Err(bad(format!("a schema of {size} bytes, more than {}", limits.answer_bytes)));
    }
    check(&given.kwargs_schema, || "the schema of the kwargs".to_owned())?;
    Ok(Description { summary: inert(cut(&given.summary, MOST_SUMMARY)), kwargs_schema: given.kwargs_schema })
}

pub(super) fn event(at: usize, event: wit::Event) -> Result<Event, EndReason> {
    check(&event.payload, || format!("the payload of event {at}"))?;
    for xcom in xcoms_of(&event.kind) {
        if xcom.key.is_empty() {
            return Err(bad(format!("an XCom of event {at} has an empty key")));
        }
        check(&xcom.value, || format!("the XCom `{}` of event {at}", inert(cut(&xcom.key, 64))))?;
    }
    let kind = match event.kind {
        wit::EventKind::Fire => EventKind::Fire,
        wit::EventKind::TaskSuccess(xcoms) => EventKind::TaskSuccess(taken(xcoms)),
        wit::EventKind::TaskFailed(xcoms) => EventKind::TaskFailed(taken(xcoms)),
        wit::EventKind::TaskSkipped(xcoms) => EventKind::TaskSkipped(taken(xcoms)),
    };
    Ok(Event { payload: event.payload, kind })
}

fn xcoms_of(kind: &wit::EventKind) -> &[wit::Xcom] {
    match kind {
        wit::EventKind::Fire => &[],
        wit::EventKind::TaskSuccess(xcoms) | wit::EventKind::TaskFailed(xcoms) | wit::EventKind::TaskSkipped(xcoms) => {
            xcoms
        }
    }
}

fn taken(xcoms: Vec<wit::Xcom>) -> Vec<Xcom> {
    xcoms.into_iter().map(|xcom| Xcom { key: xcom.key, value: xcom.value }).collect()
}

/// Bytes of all texts of an outcome.
fn size(outcome: &wit::Outcome) -> u64 {
    let events = outcome.events.iter().map(event_size);
    (events.sum::<usize>() + outcome.checkpoint.as_ref().map_or(0, String::len)) as u64
}

/// Bytes of all texts of an event.
pub(super) fn event_size(event: &wit::Event) -> usize {
    event.payload.len() + xcoms_of(&event.kind).iter().map(|xcom| xcom.key.len() + xcom.value.len()).sum::<usize>()
}

pub(super) fn check(text: &str, what: impl FnOnce() -> String) -> Result<(), EndReason> {
    json::check(text).map_err(|why| bad(format!("{} is not JSON: {why}", what())))
}

pub(super) fn bad(what: String) -> EndReason {
    EndReason::BadAnswer { what }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(payload: &str, checkpoint: Option<&str>, next: wit::Next) -> wit::Outcome {
        let event = wit::Event { payload: payload.into(), kind: wit::EventKind::Fire };
        wit::Outcome { events: vec![event], checkpoint: checkpoint.map(Into::into), next }
    }

    #[test]
    fn sizes_count_events_and_checkpoint_together() {
        let limits = Limits { answer_bytes: 10, ..Limits::default() };
        assert!(outcome(given("12345", Some("12345"), wit::Next::Finished), &limits).is_ok());
        assert!(outcome(given("123456", Some("12345"), wit::Next::Finished), &limits).is_err());
    }

    #[test]
    fn says_which_part_is_wrong() {
        let error = outcome(given("1", Some("{"), wit::Next::Finished), &Limits::default()).unwrap_err();
        assert!(error.to_string().contains("the checkpoint is not JSON"), "{error}");
        let error = outcome(given("x", None, wit::Next::Finished), &Limits::default()).unwrap_err();
        assert!(error.to_string().contains("the payload of event 0"), "{error}");
    }

    #[test]
    fn times_stay_within_bounds() {
        let next = |next| outcome(given("1", None, next), &Limits::default()).unwrap().next;
        assert_eq!(next(wit::Next::After(u64::MAX)), Next::After(Duration::from_millis(LONGEST_WAIT_MS)));
        assert_eq!(next(wit::Next::At(u64::MAX)), Next::At(LAST_TIME_MS));
        assert_eq!(next(wit::Next::After(5)), Next::After(Duration::from_millis(5)));
    }
}
