//! Airflow's encodings of kwargs and payloads, and the neutral JSON that guests see.
//!
//! Owns the only code that reads or writes `__classname__`, `__type` and Fernet tokens: no guest ever sees one. The neutral form is
//! described in docs/neutral-json.md. Neither direction recurses; both are bounded in size and depth.

mod class;
mod decode;
mod encode;
mod error;
mod fernet;
mod moment;
mod number;

pub mod json;

use serde_json::value::RawValue;
use trigger_host_types::{Event, EventKind, IdempotencyKey, TriggerKind, Xcom};

use self::decode::Reader;
use self::encode::Rules;
use self::json::{Document, Limits, View};
use self::moment::{Moment, Zone};
use crate::wire::{WireEvent, WireKind, WireXcoms};

pub use self::error::EncodingError;
pub use self::fernet::Fernet;

/// The most nesting that is read of what Airflow stored. Python itself gives up earlier.
const WIRE_DEPTH: usize = 10_000;
/// The most nesting of a guest's payload, checkpoint or XCom: the server's own parser follows 200 levels, and tags add some.
pub const GUEST_DEPTH: usize = 64;
/// A tag may add four levels to one.
const NEUTRAL_DEPTH: usize = 4 * WIRE_DEPTH;
const MAX_WIRE_BYTES: usize = 64 * 1024 * 1024;

const WIRE: Limits = Limits { depth: WIRE_DEPTH, bytes: MAX_WIRE_BYTES, bare_words: true };
const GUEST: Limits = Limits { depth: GUEST_DEPTH, bytes: encode::MAX_BYTES, bare_words: false };
const NEUTRAL: Limits = Limits { depth: NEUTRAL_DEPTH, bytes: 4 * MAX_WIRE_BYTES, bare_words: false };

/// Kwargs of a workload as neutral JSON text: decrypted where needed, decoded from either of Airflow's encodings.
///
/// # Errors
/// A token that no key opens; text that is not an object of JSON; a value that Airflow could not decode either.
pub fn kwargs_from_wire(encrypted_kwargs: &str, keys: &Fernet) -> Result<String, EncodingError> {
    let text = kwargs_text(encrypted_kwargs, keys)?;
    let document = Document::read(&text, WIRE).map_err(EncodingError::Json)?;
    let View::Object(_) = document.view(document.root()) else {
        return Err(EncodingError::Wire { at: "the top".into(), what: "kwargs that are no object".into() });
    };
    let reader = if decode::is_base_dict(&document) { Reader::Base } else { Reader::Serde };
    let neutral = decode::decode(&document, reader)?;
    // A tuple, say, is an object of JSON too, but no kwargs.
    let is_tag = neutral.starts_with("{\"$") && !neutral.starts_with("{\"$dict\"");
    if is_tag {
        Err(EncodingError::Wire { at: "the top".into(), what: "kwargs that are no dict".into() })
    } else {
        Ok(neutral)
    }
}

/// The text that was stored as kwargs: as it is when it begins with `{`, else decrypted.
///
/// # Errors
/// A token that no key opens.
pub fn kwargs_text(encrypted_kwargs: &str, keys: &Fernet) -> Result<String, EncodingError> {
    if encrypted_kwargs.starts_with('{') {
        return Ok(encrypted_kwargs.to_owned());
    }
    String::from_utf8(keys.open(encrypted_kwargs)?).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        EncodingError::Json(json::JsonError { at, what: "a byte that is not UTF-8" })
    })
}

/// A value in serde's encoding, an XCom for example, as neutral JSON text.
///
/// # Errors
/// Text that is not JSON; a value that Airflow could not decode either.
pub fn value_from_wire(text: &str) -> Result<String, EncodingError> {
    decode::decode(&Document::read(text, WIRE).map_err(EncodingError::Json)?, Reader::Serde)
}

/// A value in BaseSerialization's encoding as neutral JSON text.
///
/// # Errors
/// As [`value_from_wire`].
pub fn base_value_from_wire(text: &str) -> Result<String, EncodingError> {
    decode::decode(&Document::read(text, WIRE).map_err(EncodingError::Json)?, Reader::Base)
}

/// A guest's payload or XCom in Airflow's encoding, checked for what `target` can take.
///
/// # Errors
/// Whatever Airflow or the target could not take, or a guest must not send: see
/// docs/design/encodings.md#event-payloads.
pub fn payload_to_wire(neutral: &str, target: TriggerKind) -> Result<Box<RawValue>, EncodingError> {
    let document = Document::read(neutral, GUEST).map_err(EncodingError::NeutralJson)?;
    let wire = encode::encode(&document, Rules::Guest(target))?;
    RawValue::from_string(wire)
        .map_err(|error| EncodingError::Refused { at: "the top".into(), what: error.to_string() })
}

/// RFC 3339 text with an offset, in UTC and to the microsecond. `None` for anything else, a time without an offset first of all.
pub fn moment_text(text: &str) -> Option<String> {
    let (moment, zone) = Moment::parse(text)?;
    if matches!(zone, Zone::Naive) { None } else { Some(moment.text(&Zone::Utc)?.0) }
}

/// A value that need not be a guest's, in the encoding that Airflow stores: also numbers that are not finite, lone surrogates, naive
/// datetimes, deep nesting, and objects of Airflow's own classes. Not always strict JSON.
///
/// # Errors
/// What Airflow could not have written, or could not read.
pub fn value_to_wire(neutral: &str) -> Result<String, EncodingError> {
    encode::encode(&Document::read(neutral, NEUTRAL).map_err(EncodingError::NeutralJson)?, Rules::Airflow)
}

/// A guest's event as it is sent, XComs included.
///
/// # Errors
/// As [`payload_to_wire`]; also an event that ends a task, of a trigger that no task waits for.
pub fn event_to_wire(event: &Event, target: TriggerKind, key: IdempotencyKey) -> Result<WireEvent, EncodingError> {
    if !matches!(event.kind, EventKind::Fire) && target != TriggerKind::Task {
        let what = format!("no task waits for this trigger, so `{}` has nothing to end", event.kind.as_str());
        return Err(EncodingError::Refused { at: "the event".into(), what });
    }
    let kind = match &event.kind {
        EventKind::Fire => WireKind::Fire,
        EventKind::TaskSuccess(xcoms) => WireKind::TaskSuccess(xcoms_to_wire(xcoms)?),
        EventKind::TaskFailed(xcoms) => WireKind::TaskFailed(xcoms_to_wire(xcoms)?),
        EventKind::TaskSkipped(xcoms) => WireKind::TaskSkipped(xcoms_to_wire(xcoms)?),
    };
    Ok(WireEvent { payload: payload_to_wire(&event.payload, target)?, kind, key })
}

fn xcoms_to_wire(xcoms: &[Xcom]) -> Result<WireXcoms, EncodingError> {
    let to_wire = |xcom: &Xcom| Ok((xcom.key.clone(), payload_to_wire(&xcom.value, TriggerKind::Task)?));
    xcoms.iter().map(to_wire).collect()
}
