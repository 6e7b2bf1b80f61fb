//! The API's answers in a guest's words: values that it keeps, and why it gives none. Pure.

use encodings::{EncodingError, value_from_wire};
use execution_api::ApiError;
use serde_json::value::RawValue;
use trigger_host_types::airflow::{Error, MAX_VALUE};

/// Why a connection with such a port cannot be used.
pub(crate) const BAD_PORT: &str =
    "its port is not a TCP port: correct it in Airflow to one from 0 to 65535, or leave it empty";

/// The API's error as a guest may read it: nothing about the host's tokens, addresses and settings.
pub(crate) fn read_api_error(error: ApiError) -> Error {
    match error {
        ApiError::NotFound { what } => Error::NotFound(what),
        ApiError::Unsendable { what } => Error::Invalid(what),
        error if is_about_the_trigger(&error) => {
            Error::Other("Airflow no longer regards this host as the one that runs the trigger".to_owned())
        }
        ApiError::Rejected { status: 401 | 403, what, .. } => Error::NotGranted(format!("Airflow refuses it: {what}")),
        ApiError::Rejected { what, .. } => Error::Invalid(format!("Airflow refuses it: {what}")),
        ApiError::Deadline(limit) => Error::Deadline(limit),
        ApiError::TooLarge(_) => Error::TooLarge(MAX_VALUE),
        ApiError::Transport { .. } => Error::Unreachable("the host has no connection to Airflow".to_owned()),
        ApiError::Busy { status, .. } | ApiError::Server { status, .. } => {
            Error::Unreachable(format!("Airflow cannot answer now (status {status})"))
        }
        ApiError::Auth { .. } | ApiError::Token { .. } => Error::Other(
            "Airflow does not let the host ask this for the trigger: the host's operator must look into it".to_owned(),
        ),
        ApiError::JobGone(_) | ApiError::NoApi | ApiError::NotTheApi { .. } | ApiError::NotTried => Error::Other(
            "the server that the host is configured to use cannot answer this: the host's operator must look into it"
                .to_owned(),
        ),
    }
}

/// Whether the trigger no longer belongs to this host, so that there is no token for it.
pub(crate) fn is_about_the_trigger(error: &ApiError) -> bool {
    error.reason().is_some_and(|reason| matches!(reason, "not_holder" | "unknown_trigger"))
}

/// Refuses a guest's value that Airflow could not read.
pub(crate) fn refuse_value(error: &EncodingError) -> Error {
    Error::Invalid(format!("the value cannot be sent to Airflow: {error}"))
}

/// A value that Airflow keeps, as neutral JSON.
pub(crate) fn read_stored(answer: Result<Box<RawValue>, ApiError>) -> Result<String, Error> {
    let value = answer.map_err(read_api_error)?;
    value_from_wire(value.get()).map_err(|error| Error::Other(format!("the stored value cannot be read: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_reads_nothing_of_the_hosts_token() {
        let auth = read_api_error(ApiError::Auth { status: 401, what: "bad audience x".into() });
        let token = read_api_error(ApiError::Token { what: "cannot read /run/token".into() });
        let transport = read_api_error(ApiError::Transport { what: "10.0.0.7 refused".into() });
        for error in [auth, token, transport] {
            let text = error.to_string();
            assert!(!["audience", "/run", "10.0"].iter().any(|part| text.contains(part)), "{text}");
        }
    }
}
