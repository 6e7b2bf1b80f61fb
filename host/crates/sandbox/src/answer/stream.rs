//! What subscribers and producers answer: from WIT to checked values.

use super::json;
use super::outcome::{bad, check, event, event_size};
use crate::bindings::producer::exports::trigger_host::trigger::{acker as wit_acker, reader as wit_reader};
use crate::bindings::stream::exports::trigger_host::trigger::subscriber as wit;
use crate::call::{Advanced, Demand, Message, ReadBatch, Stream, Test, Verdict, Wanted};
use crate::log::{cut, inert};
use crate::{EndReason, Limits};

/// Longest name of a source.
const MOST_NAME: usize = 200;
/// Conditions, and values of one.
const MOST_CONDITIONS: usize = 256;
/// Longest reason of a rejection.
const MOST_REASON: usize = 1 << 10;

/// Checks the description of a stream.
pub(crate) fn stream(given: wit::Stream, limits: &Limits) -> Result<Stream, EndReason> {
    let printable = !given.source.chars().any(char::is_control);
    if given.source.is_empty() || given.source.len() > MOST_NAME || !printable {
        return Err(bad(format!("the name of its source must be 1 to {MOST_NAME} printable characters")));
    }
    if given.wanted.len() > MOST_CONDITIONS {
        return Err(bad(format!("{} conditions, more than {MOST_CONDITIONS}", given.wanted.len())));
    }
    let size = given.key.len() + given.parameters.len() + given.wanted.iter().map(condition_size).sum::<usize>();
    if size as u64 > limits.answer_bytes {
        return Err(bad(format!("a stream of {size} bytes, more than {}", limits.answer_bytes)));
    }
    check(&given.key, || "the key of the stream".to_owned())?;
    check(&given.parameters, || "the parameters of the stream".to_owned())?;
    let wanted = given.wanted.into_iter().map(wanted).collect::<Result<_, _>>()?;
    Ok(Stream { key: given.key, source: given.source, parameters: given.parameters, wanted })
}

fn condition_size(condition: &wit::Condition) -> usize {
    let test = match &condition.test {
        wit::Test::OneOf(values) => values.iter().map(String::len).sum(),
        wit::Test::Prefix(prefix) => prefix.len(),
        wit::Test::Exists => 0,
    };
    condition.pointer.len() + test
}

fn wanted(condition: wit::Condition) -> Result<Wanted, EndReason> {
    let wit::Condition { pointer, test } = condition;
    let test = match test {
        wit::Test::OneOf(values) if values.len() > MOST_CONDITIONS => {
            return Err(bad(format!("a condition with {} values, more than {MOST_CONDITIONS}", values.len())));
        }
        wit::Test::OneOf(values) => {
            for value in &values {
                check(value, || format!("a value for the field `{}`", inert(cut(&pointer, 64))))?;
            }
            Test::OneOf(values)
        }
        wit::Test::Prefix(prefix) => Test::Prefix(prefix),
        wit::Test::Exists => Test::Exists,
    };
    Ok(Wanted { pointer, test })
}

/// Checks verdicts: as many as raw events, JSON texts, their size, how many. `limits.events` is for each raw event.
pub(crate) fn verdicts(given: Vec<wit::Verdict>, events: usize, limits: &Limits) -> Result<Vec<Verdict>, EndReason> {
    if given.len() != events {
        return Err(bad(format!("{} verdicts on {events} raw events", given.len())));
    }
    let mut size = 0;
    let mut verdicts = Vec::with_capacity(given.len());
    for (at, verdict) in given.into_iter().enumerate() {
        verdicts.push(match verdict {
            wit::Verdict::Skip => Verdict::Skip,
            wit::Verdict::Reject(reason) => Verdict::Reject(inert(cut(&reason, MOST_REASON))),
            wit::Verdict::Emit(events) if events.len() > limits.events as usize => {
                return Err(bad(format!("{} events for raw event {at}, more than {}", events.len(), limits.events)));
            }
            wit::Verdict::Emit(events) => {
                size += events.iter().map(event_size).sum::<usize>();
                if size as u64 > limits.answer_bytes {
                    return Err(bad(format!("events of more than {} bytes", limits.answer_bytes)));
                }
                let events = events.into_iter().enumerate().map(|(number, one)| event(number, one));
                Verdict::Emit(events.collect::<Result<_, _>>()?)
            }
        });
    }
    Ok(verdicts)
}

/// Checks what a producer has read.
pub(crate) fn read_batch(given: wit_reader::Batch, demand: Demand, limits: &Limits) -> Result<ReadBatch, EndReason> {
    if given.messages.len() > demand.most as usize {
        return Err(bad(format!("{} messages, asked for {}", given.messages.len(), demand.most)));
    }
    let size = given.messages.iter().map(|one| one.data.len() + one.receipt.len() + one.lane.len()).sum::<usize>()
        + given.cursor.as_ref().map_or(0, String::len);
    if size as u64 > limits.answer_bytes {
        return Err(bad(format!("messages of {size} bytes, more than {}", limits.answer_bytes)));
    }
    if let Some(cursor) = &given.cursor {
        json::check(cursor).map_err(|why| bad(format!("the cursor is not JSON: {why}")))?;
    }
    let message = |one: wit_reader::Message| Message {
        data: one.data.into(),
        receipt: one.receipt.into(),
        lane: one.lane.into(),
    };
    let messages = given.messages.into_iter().map(message).collect();
    Ok(ReadBatch { messages, cursor: given.cursor, hold_ms: given.hold_ms })
}

/// Checks what became of a batch of so many messages.
pub(crate) fn advanced(
    given: Result<Vec<wit_acker::Unfinished>, wit_acker::AdvanceError>,
    batch: usize,
) -> Result<Advanced, EndReason> {
    let line = |text: String| inert(cut(&text, MOST_REASON));
    match given {
        Err(wit_acker::AdvanceError::Retry((why, wait))) => Ok(Advanced::Retry(line(why), wait)),
        Err(wit_acker::AdvanceError::Fatal(why)) => Ok(Advanced::Fatal(line(why))),
        Ok(unfinished) => {
            let mut except: Vec<(usize, String)> =
                unfinished.into_iter().map(|one| (one.index as usize, line(one.reason))).collect();
            except.sort_unstable();
            except.dedup_by_key(|(index, _)| *index);
            match except.last() {
                Some((index, _)) if *index >= batch => {
                    Err(bad(format!("message {index} of a batch of {batch} is not done")))
                }
                _ => Ok(Advanced::Except(except)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::trigger_host::trigger::types;

    #[test]
    fn a_verdict_for_each_raw_event_or_none_at_all() {
        let skips = |count| std::iter::repeat_with(|| wit::Verdict::Skip).take(count).collect::<Vec<_>>();
        let limits = Limits::default();
        assert_eq!(verdicts(skips(3), 3, &limits).unwrap(), vec![Verdict::Skip; 3]);
        for wrong in [0, 2, 4] {
            let error = verdicts(skips(wrong), 3, &limits).unwrap_err();
            assert!(error.to_string().contains("verdicts on 3 raw events"), "{error}");
        }
    }

    #[test]
    fn events_are_bounded_in_sum_and_have_to_be_json() {
        let emit = |payload: &str| {
            wit::Verdict::Emit(vec![types::Event { payload: payload.into(), kind: types::EventKind::Fire }])
        };
        let limits = Limits { answer_bytes: 8, ..Limits::default() };
        assert!(verdicts(vec![emit("1234"), emit("5678")], 2, &limits).is_ok());
        assert!(verdicts(vec![emit("1234"), emit("56789")], 2, &limits).is_err());
        assert!(verdicts(vec![emit("{")], 1, &limits).is_err());
    }
}
