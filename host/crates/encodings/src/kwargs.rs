//! Kwargs, as a workload carries them: encrypted or not, in one of two encodings, and always a dict.

use crate::bounds::WIRE;
use crate::decode::{self, Reader};
use crate::error::EncodingError;
use crate::fernet::Fernet;
use crate::json::{Document, JsonError, JsonFault, View};

/// Kwargs of a workload as neutral JSON text: decrypted where needed, decoded from either of Airflow's encodings.
///
/// # Errors
/// A token that no key opens; text that is not an object of JSON; a value that Airflow could not decode either.
pub fn kwargs_from_wire(encrypted_kwargs: &str, keys: &Fernet) -> Result<String, EncodingError> {
    let text = kwargs_text(encrypted_kwargs, keys)?;
    let document = Document::read(&text, WIRE).map_err(EncodingError::Json)?;
    let View::Object(_) = document.view(document.root()) else {
        return Err(EncodingError::Wire { at: "the top level".into(), what: "kwargs must be a JSON object".into() });
    };
    let reader = if decode::is_base_dict(&document) { Reader::Base } else { Reader::Serde };
    let neutral = decode::decode(&document, reader)?;
    // A tuple, say, is an object of JSON too, but no kwargs.
    let is_tag = neutral.starts_with("{\"$") && !neutral.starts_with("{\"$dict\"");
    if is_tag {
        Err(EncodingError::Wire { at: "the top level".into(), what: "kwargs must be a dict".into() })
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
        EncodingError::Json(JsonError { at, fault: JsonFault::NotUtf8 })
    })
}
