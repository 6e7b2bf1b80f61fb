//! What cannot be decoded or encoded, and whose fault that is.
//!
//! Invariant: no text holds a value, a ciphertext or a key of the deployment; places are JSON pointers.

use super::json::JsonError;

/// Why a value has no other form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodingError {
    /// `[core] fernet_key` is not one.
    #[error("Fernet key {position} of {of} is not URL-safe base64 of 32 bytes; check `[core] fernet_key`")]
    Key {
        /// Which one, from 1.
        position: usize,
        /// Of how many.
        of: usize,
    },
    /// Encrypted kwargs, and no key to open them.
    #[error("the kwargs are encrypted, but no Fernet key is configured; set `[core] fernet_key`")]
    NoKey,
    /// No key fits.
    #[error(
        "no configured Fernet key decrypts the kwargs, or the kwargs were altered or truncated; check `[core] fernet_key`"
    )]
    Token,
    /// What Airflow sent is not JSON.
    #[error("the value that Airflow stored is not valid JSON: {0}")]
    Json(JsonError),
    /// What Airflow sent is JSON, but not what it says it is.
    #[error("cannot decode the value that Airflow stored: {what}, at {at}")]
    Wire {
        /// Where.
        at: String,
        /// What is wrong.
        what: String,
    },
    /// The guest's text is not the JSON it should be.
    #[error("not valid JSON: {0}")]
    NeutralJson(JsonError),
    /// The guest's value has no form that Airflow could take.
    #[error("cannot be sent to Airflow: {what}, at {at}")]
    Refused {
        /// Where.
        at: String,
        /// What is wrong and what to do.
        what: String,
    },
}
