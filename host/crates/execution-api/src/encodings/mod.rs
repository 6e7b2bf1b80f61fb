//! Airflow's encodings of kwargs and payloads, and the neutral JSON that guests see.

use serde_json::value::RawValue;
use trigger_host_types::{Blame, Class, Classify, Event, IdempotencyKey, Retry, TriggerKind};

use crate::wire::WireEvent;

/// The deployment's Fernet keys, newest first; none at all is a deployment without encryption.
#[derive(Clone, Default)]
pub struct Fernet {}

impl Fernet {
    /// Parses `[core] fernet_key`: one key or several joined by commas; empty text means no keys.
    ///
    /// # Errors
    /// A key that is not URL-safe base64 of 32 bytes, or an empty one beside others.
    pub fn parse(_keys: &str) -> Result<Self, EncodingError> {
        Ok(Self {})
    }
}

/// What cannot be decoded or encoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodingError {
    /// What is wrong.
    #[error("{0}")]
    Invalid(String),
}

impl Classify for EncodingError {
    fn class(&self) -> Class {
        Class::Guest
    }

    fn retry(&self) -> Retry {
        Retry::Never
    }

    fn blame(&self) -> Blame {
        Blame::Guest
    }
}

/// Kwargs of a workload as neutral JSON text: decrypted where needed, decoded from either of Airflow's encodings.
///
/// # Errors
/// A token that no key opens, text that is not an object of JSON, nesting beyond bounds.
pub fn kwargs_from_wire(_encrypted_kwargs: &str, _keys: &Fernet) -> Result<String, EncodingError> {
    Err(EncodingError::Invalid("not built yet".into()))
}

/// A guest's payload or XCom in Airflow's encoding, checked for what `target` can take.
///
/// # Errors
/// Whatever Airflow or the target could not take: see contract/encodings.md section 3.
pub fn payload_to_wire(_neutral: &str, _target: TriggerKind) -> Result<Box<RawValue>, EncodingError> {
    Err(EncodingError::Invalid("not built yet".into()))
}

/// A guest's event as it is sent, XComs included.
///
/// # Errors
/// As [`payload_to_wire`]; task-ending kinds for anything but a task.
pub fn event_to_wire(_event: &Event, _target: TriggerKind, _key: IdempotencyKey) -> Result<WireEvent, EncodingError> {
    Err(EncodingError::Invalid("not built yet".into()))
}
