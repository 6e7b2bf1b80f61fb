//! What a guest reads when Airflow does not give what was asked for. Pure.

use encodings::EncodingError;
use execution_api::ApiError;
use trigger_host_types::runtime::{Error, MAX_VALUE};

/// The API's error in a guest's words: nothing of the host's tokens, addresses and settings.
pub(super) fn of_api(error: ApiError) -> Error {
    match error {
        ApiError::NotFound { what } => Error::NotFound(what),
        ApiError::Unsendable { what } => Error::Invalid(what),
        error if is_of_the_trigger(&error) => {
            Error::Other("Airflow does not hold this host for the one that runs the trigger any more".to_owned())
        }
        ApiError::Rejected { status: 401 | 403, what, .. } => Error::NotGranted(format!("Airflow refuses it: {what}")),
        ApiError::Rejected { what, .. } => Error::Invalid(format!("Airflow refuses it: {what}")),
        ApiError::Deadline(limit) => Error::Deadline(limit),
        ApiError::TooLarge(_) => Error::TooLarge(MAX_VALUE),
        ApiError::Transport { .. } => Error::Unreachable("the host has no connection to Airflow".to_owned()),
        ApiError::Busy { status, .. } | ApiError::Server { status, .. } => {
            Error::Unreachable(format!("Airflow cannot answer now (status {status})"))
        }
        ApiError::Auth { .. } | ApiError::Token { .. } => {
            Error::Other("Airflow does not let the host ask this for the trigger; its operator has to look".to_owned())
        }
        ApiError::JobGone(_) | ApiError::NoApi | ApiError::NotTheApi { .. } | ApiError::NotTried => {
            Error::Other("what the host takes for Airflow cannot answer this; its operator has to look".to_owned())
        }
    }
}

/// Whether the trigger is not this host's any more, so that there is no token for it.
pub(super) fn is_of_the_trigger(error: &ApiError) -> bool {
    error.reason().is_some_and(|reason| matches!(reason, "not_holder" | "unknown_trigger"))
}

/// A guest's value that Airflow could not take.
pub(super) fn of_value(error: &EncodingError) -> Error {
    Error::Invalid(format!("the value cannot be sent to Airflow: {error}"))
}

/// A value of Airflow's that the host cannot read.
pub(super) fn of_stored(error: &EncodingError) -> Error {
    Error::Other(format!("the stored value cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_reads_nothing_of_the_hosts_token() {
        let auth = of_api(ApiError::Auth { status: 401, what: "bad audience x".into() });
        let token = of_api(ApiError::Token { what: "cannot read /run/token".into() });
        let transport = of_api(ApiError::Transport { what: "10.0.0.7 refused".into() });
        for error in [auth, token, transport] {
            let text = error.to_string();
            assert!(!["audience", "/run", "10.0"].iter().any(|part| text.contains(part)), "{text}");
        }
    }
}
