//! The outcome of a poll, the error of a guest, and the description of a component.

use std::time::Duration;

use trigger_host_types::{Event, EventKind, Xcom};

use super::json;
use crate::call::{Description, EndReason, GuestError, Limits, Next, Outcome};
use crate::log::{cut, inert};

/// A hundred years: so that adding it to any time of this world stays within bounds.
const LONGEST_WAIT: Duration = Duration::from_millis(100 * 366 * 24 * 3_600_000);
/// The end of the year 9999.
const LAST_TIME_MS: u64 = 253_402_300_799_999;
/// Longest summary of a description.
const MOST_SUMMARY: usize = 1 << 10;
/// Longest line of an error.
const MOST_MESSAGE: usize = 4 << 10;
const MOST_DETAILS: usize = 100;

/// Checks an outcome: JSON texts, their size, how many.
pub(crate) fn check_outcome(given: Outcome, limits: &Limits) -> Result<Outcome, EndReason> {
    let limit = limits.events as usize;
    if given.events.len() > limit {
        return Err(refuse(format!("{} events; at most {limit} are allowed", given.events.len())));
    }
    let xcoms: usize = given.events.iter().map(|event| xcoms(event).len()).sum();
    if xcoms > limit {
        return Err(refuse(format!("{xcoms} XComs; at most {limit} are allowed")));
    }
    let size = size(&given);
    if size > limits.answer_bytes {
        return Err(refuse(format!(
            "events and checkpoint have {size} bytes; at most {} are allowed",
            limits.answer_bytes
        )));
    }
    if let Some(checkpoint) = &given.checkpoint {
        check_json(checkpoint, || "the checkpoint".to_owned())?;
    }
    given.events.iter().enumerate().try_for_each(|(at, event)| check_event(at, event))?;
    let next = match given.next {
        Next::After(wait) => Next::After(wait.min(LONGEST_WAIT)),
        Next::At(at) => Next::At(at.min(LAST_TIME_MS)),
        Next::Finished => Next::Finished,
    };
    Ok(Outcome { next, ..given })
}

/// Bounds what a guest says when it fails on purpose, a line each. Too much of it is cut, not refused: it is what a
/// person has to go by.
pub(crate) fn bound_error(error: GuestError) -> GuestError {
    let line = |text: &String| inert(cut(text, MOST_MESSAGE));
    match error {
        GuestError::InvalidKwargs(text) => GuestError::InvalidKwargs(line(&text)),
        GuestError::Failed { message, details } => GuestError::Failed {
            message: line(&message),
            details: details.iter().take(MOST_DETAILS).map(line).collect(),
        },
        GuestError::Other(text) => GuestError::Other(line(&text)),
    }
}

/// Checks a description.
pub(crate) fn check_description(given: Description, limits: &Limits) -> Result<Description, EndReason> {
    let size = given.kwargs_schema.len() as u64;
    if size > limits.answer_bytes {
        return Err(refuse(format!("the schema has {size} bytes; at most {} are allowed", limits.answer_bytes)));
    }
    check_json(&given.kwargs_schema, || "the schema of the kwargs".to_owned())?;
    Ok(Description { summary: inert(cut(&given.summary, MOST_SUMMARY)), kwargs_schema: given.kwargs_schema })
}

pub(super) fn check_event(at: usize, event: &Event) -> Result<(), EndReason> {
    check_json(&event.payload, || format!("the payload of event {at}"))?;
    for xcom in xcoms(event) {
        if xcom.key.is_empty() {
            return Err(refuse(format!("the key of an XCom of event {at} must not be empty")));
        }
        check_json(&xcom.value, || format!("the XCom `{}` of event {at}", inert(cut(&xcom.key, 64))))?;
    }
    Ok(())
}

fn xcoms(event: &Event) -> &[Xcom] {
    match &event.kind {
        EventKind::Fire => &[],
        EventKind::TaskSuccess(xcoms) | EventKind::TaskFailed(xcoms) | EventKind::TaskSkipped(xcoms) => xcoms,
    }
}

/// Bytes of all texts of an outcome.
fn size(outcome: &Outcome) -> u64 {
    let events = outcome.events.iter().map(event_size);
    (events.sum::<usize>() + outcome.checkpoint.as_ref().map_or(0, String::len)) as u64
}

/// Bytes of all texts of an event.
pub(super) fn event_size(event: &Event) -> usize {
    event.payload.len() + xcoms(event).iter().map(|xcom| xcom.key.len() + xcom.value.len()).sum::<usize>()
}

pub(super) fn check_json(text: &str, what: impl FnOnce() -> String) -> Result<(), EndReason> {
    json::check(text).map_err(|why| refuse(format!("{} is not JSON: {why}", what())))
}

pub(super) fn refuse(what: String) -> EndReason {
    EndReason::BadAnswer { what }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(payload: &str, checkpoint: Option<&str>, next: Next) -> Outcome {
        let event = Event { payload: payload.into(), kind: EventKind::Fire };
        Outcome { events: vec![event], checkpoint: checkpoint.map(Into::into), next }
    }

    #[test]
    fn sizes_count_events_and_checkpoint_together() {
        let limits = Limits { answer_bytes: 10, ..Limits::default() };
        assert!(check_outcome(given("12345", Some("12345"), Next::Finished), &limits).is_ok());
        assert!(check_outcome(given("123456", Some("12345"), Next::Finished), &limits).is_err());
    }

    #[test]
    fn says_which_part_is_wrong() {
        let error = check_outcome(given("1", Some("{"), Next::Finished), &Limits::default()).unwrap_err();
        assert!(error.to_string().contains("the checkpoint is not JSON"), "{error}");
        let error = check_outcome(given("x", None, Next::Finished), &Limits::default()).unwrap_err();
        assert!(error.to_string().contains("the payload of event 0"), "{error}");
    }

    #[test]
    fn times_stay_within_bounds() {
        let next = |next| check_outcome(given("1", None, next), &Limits::default()).unwrap().next;
        assert_eq!(next(Next::After(Duration::MAX)), Next::After(LONGEST_WAIT));
        assert_eq!(next(Next::At(u64::MAX)), Next::At(LAST_TIME_MS));
        assert_eq!(next(Next::After(Duration::from_millis(5))), Next::After(Duration::from_millis(5)));
    }
}
