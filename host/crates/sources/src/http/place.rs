//! A place between raw events: a cursor, and how far into the batch behind it.
//!
//! Owns the form of a payload. Invariant: a payload names the same raw event whenever it is read.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// One raw event's place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// The cursor its batch was got with.
    pub(super) from: Option<String>,
    /// Which of the batch, from 0.
    pub(super) at: usize,
    /// How many the batch has.
    pub(super) of: usize,
    /// The cursor behind its batch.
    pub(super) next: Option<String>,
}

impl Place {
    pub(super) fn payload(&self) -> Bytes {
        serde_json::to_vec(self).unwrap_or_default().into()
    }

    pub(super) fn read(payload: &[u8]) -> Option<Self> {
        serde_json::from_slice(payload).ok()
    }

    /// The cursor up to which all is settled when this one is, too.
    pub(super) fn settled(&self) -> Option<&str> {
        if self.at + 1 >= self.of { self.next.as_deref() } else { self.from.as_deref() }
    }
}
