//! One value in either direction: an XCom, a payload, a moment.

use serde_json::value::RawValue;
use trigger_host_types::TriggerKind;

use crate::bounds::{GUEST, NEUTRAL, WIRE};
use crate::decode::{self, Reader};
use crate::encode::{self, Rules};
use crate::error::EncodingError;
use crate::json::Document;
use crate::moment::{Moment, Zone};

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
        .map_err(|error| EncodingError::Refused { at: "the top level".into(), what: error.to_string() })
}

/// RFC 3339 text with an offset, in UTC and to the microsecond. `None` for anything else, a time without an offset
/// first of all.
pub fn moment_text(text: &str) -> Option<String> {
    let (moment, zone) = Moment::parse(text)?;
    if matches!(zone, Zone::Naive) { None } else { Some(moment.text(&Zone::Utc)?.0) }
}

/// A value that need not be a guest's, in the encoding that Airflow stores: also numbers that are not finite, lone
/// surrogates, naive datetimes, deep nesting, and objects of Airflow's own classes. Not always strict JSON.
///
/// # Errors
/// What Airflow could not have written, or could not read.
pub fn value_to_wire(neutral: &str) -> Result<String, EncodingError> {
    encode::encode(&Document::read(neutral, NEUTRAL).map_err(EncodingError::NeutralJson)?, Rules::Airflow)
}
