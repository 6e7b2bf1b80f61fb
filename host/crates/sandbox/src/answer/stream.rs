//! What subscribers and producers answer.

use super::json;
use super::outcome::{check_event, check_json, event_size, refuse};
use crate::call::{Advanced, Demand, EndReason, Limits, ReadBatch, Stream, Test, Verdict, Wanted};
use crate::log::{cut, inert};

/// Longest name of a source.
const MOST_NAME: usize = 200;
/// Conditions, and values of one.
const MOST_CONDITIONS: usize = 256;
/// Longest reason of a rejection.
const MOST_REASON: usize = 1 << 10;

/// Checks the description of a stream.
pub(crate) fn check_stream(given: Stream, limits: &Limits) -> Result<Stream, EndReason> {
    let printable = !given.source.chars().any(char::is_control);
    if given.source.is_empty() || given.source.len() > MOST_NAME || !printable {
        return Err(refuse(format!("the name of the source must have 1 to {MOST_NAME} printable characters")));
    }
    if given.wanted.len() > MOST_CONDITIONS {
        return Err(refuse(format!("{} conditions; at most {MOST_CONDITIONS} are allowed", given.wanted.len())));
    }
    let size = given.key.len() + given.parameters.len() + given.wanted.iter().map(condition_size).sum::<usize>();
    if size as u64 > limits.answer_bytes {
        return Err(refuse(format!("the stream has {size} bytes; at most {} are allowed", limits.answer_bytes)));
    }
    check_json(&given.key, || "the key of the stream".to_owned())?;
    check_json(&given.parameters, || "the parameters of the stream".to_owned())?;
    given.wanted.iter().try_for_each(check_condition)?;
    Ok(given)
}

fn condition_size(condition: &Wanted) -> usize {
    let test = match &condition.test {
        Test::OneOf(values) => values.iter().map(String::len).sum(),
        Test::Prefix(prefix) => prefix.len(),
        Test::Exists => 0,
    };
    condition.pointer.len() + test
}

fn check_condition(Wanted { pointer, test }: &Wanted) -> Result<(), EndReason> {
    let Test::OneOf(values) = test else { return Ok(()) };
    if values.len() > MOST_CONDITIONS {
        return Err(refuse(format!("a condition with {} values; at most {MOST_CONDITIONS} are allowed", values.len())));
    }
    let name = || format!("a value for the field `{}`", inert(cut(pointer, 64)));
    values.iter().try_for_each(|value| check_json(value, name))
}

/// Checks verdicts: as many as raw events, JSON texts, their size, how many. `limits.events` is for each raw event.
pub(crate) fn check_verdicts(
    mut given: Vec<Verdict>,
    events: usize,
    limits: &Limits,
) -> Result<Vec<Verdict>, EndReason> {
    if given.len() != events {
        return Err(refuse(format!("{} verdicts for {events} raw events", given.len())));
    }
    let mut size = 0;
    for (at, verdict) in given.iter_mut().enumerate() {
        match verdict {
            Verdict::Skip => {}
            Verdict::Reject(reason) => *reason = line(reason),
            Verdict::Emit(events) if events.len() > limits.events as usize => {
                return Err(refuse(format!(
                    "{} events for raw event {at}; at most {} are allowed",
                    events.len(),
                    limits.events
                )));
            }
            Verdict::Emit(events) => {
                size += events.iter().map(event_size).sum::<usize>();
                if size as u64 > limits.answer_bytes {
                    return Err(refuse(format!("the events have more than {} bytes", limits.answer_bytes)));
                }
                events.iter().enumerate().try_for_each(|(number, event)| check_event(number, event))?;
            }
        }
    }
    Ok(given)
}

/// Checks what a producer has read.
pub(crate) fn check_read_batch(given: ReadBatch, demand: Demand, limits: &Limits) -> Result<ReadBatch, EndReason> {
    if given.messages.len() > demand.most as usize {
        return Err(refuse(format!("{} messages; at most {} were asked for", given.messages.len(), demand.most)));
    }
    let size = given.messages.iter().map(|one| one.data.len() + one.receipt.len() + one.lane.len()).sum::<usize>()
        + given.cursor.as_ref().map_or(0, String::len);
    if size as u64 > limits.answer_bytes {
        return Err(refuse(format!("the messages have {size} bytes; at most {} are allowed", limits.answer_bytes)));
    }
    if let Some(cursor) = &given.cursor {
        json::check(cursor).map_err(|why| refuse(format!("the cursor is not JSON: {why}")))?;
    }
    Ok(given)
}

/// Checks what became of a batch of `batch` messages.
pub(crate) fn check_advanced(given: Advanced, batch: usize) -> Result<Advanced, EndReason> {
    match given {
        Advanced::Retry(why, wait) => Ok(Advanced::Retry(line(&why), wait)),
        Advanced::Fatal(why) => Ok(Advanced::Fatal(line(&why))),
        Advanced::Except(unfinished) => {
            let mut except: Vec<(usize, String)> =
                unfinished.into_iter().map(|(index, why)| (index, line(&why))).collect();
            except.sort_unstable();
            except.dedup_by_key(|(index, _)| *index);
            match except.last() {
                Some((index, _)) if *index >= batch => {
                    Err(refuse(format!("it reports message {index} as unfinished, in a batch of {batch}")))
                }
                _ => Ok(Advanced::Except(except)),
            }
        }
    }
}

fn line(text: &str) -> String {
    inert(cut(text, MOST_REASON))
}

#[cfg(test)]
mod tests {
    use trigger_host_types::{Event, EventKind};

    use super::*;

    #[test]
    fn a_verdict_for_each_raw_event_or_none_at_all() {
        let skips = |count| std::iter::repeat_with(|| Verdict::Skip).take(count).collect::<Vec<_>>();
        let limits = Limits::default();
        assert_eq!(check_verdicts(skips(3), 3, &limits).unwrap(), vec![Verdict::Skip; 3]);
        for wrong in [0, 2, 4] {
            let error = check_verdicts(skips(wrong), 3, &limits).unwrap_err();
            assert!(error.to_string().contains("verdicts for 3 raw events"), "{error}");
        }
    }

    #[test]
    fn events_are_bounded_in_sum_and_have_to_be_json() {
        let emit = |payload: &str| Verdict::Emit(vec![Event { payload: payload.into(), kind: EventKind::Fire }]);
        let limits = Limits { answer_bytes: 8, ..Limits::default() };
        assert!(check_verdicts(vec![emit("1234"), emit("5678")], 2, &limits).is_ok());
        assert!(check_verdicts(vec![emit("1234"), emit("56789")], 2, &limits).is_err());
        assert!(check_verdicts(vec![emit("{")], 1, &limits).is_err());
    }
}
