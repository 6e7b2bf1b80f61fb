//! An event in Airflow's encoding, with the XComs it brings along.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use trigger_host_types::{Event, EventKind, IdempotencyKey, TriggerKind, Xcom};

use crate::error::EncodingError;
use crate::value::payload_to_wire;

/// An event in Airflow's encoding, ready to send.
#[derive(Debug, Clone)]
pub struct WireEvent {
    /// Wire form: see [`payload_to_wire`].
    pub payload: Box<RawValue>,
    /// What it does.
    pub kind: WireKind,
    /// The same for every repetition of this event.
    pub key: IdempotencyKey,
}

/// XComs in wire form, by key.
pub type WireXcoms = BTreeMap<String, Box<RawValue>>;

/// What an event does. All but `Fire` need a server with the `event-kind` extension; any other resumes the task
/// instead.
#[derive(Debug, Clone)]
pub enum WireKind {
    /// Resumes the task, or tells the asset or the callback.
    Fire,
    /// Ends the task as succeeded.
    TaskSuccess(WireXcoms),
    /// Ends the task as failed, or up for retry.
    TaskFailed(WireXcoms),
    /// Ends the task as skipped.
    TaskSkipped(WireXcoms),
}

impl WireEvent {
    /// About how many bytes it takes in a request.
    pub fn size(&self) -> usize {
        let xcoms = self.kind.xcoms().into_iter().flatten();
        let xcoms: usize = xcoms.map(|(key, value)| key.len() + value.get().len()).sum();
        self.payload.get().len() + xcoms + 128
    }
}

impl WireKind {
    /// The value of the `Trigger-Event-Kind` header.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Fire => "fire",
            Self::TaskSuccess(_) => "task-success",
            Self::TaskFailed(_) => "task-failed",
            Self::TaskSkipped(_) => "task-skipped",
        }
    }

    /// The XComs it brings along; nothing for an event that only fires.
    pub const fn xcoms(&self) -> Option<&WireXcoms> {
        match self {
            Self::Fire => None,
            Self::TaskSuccess(xcoms) | Self::TaskFailed(xcoms) | Self::TaskSkipped(xcoms) => Some(xcoms),
        }
    }
}

/// A guest's event as it is sent, XComs included.
///
/// # Errors
/// As [`payload_to_wire`]; also an event that ends a task, of a trigger that no task waits for.
pub fn event_to_wire(event: &Event, target: TriggerKind, key: IdempotencyKey) -> Result<WireEvent, EncodingError> {
    if !matches!(event.kind, EventKind::Fire) && target != TriggerKind::Task {
        let what =
            format!("`{}` ends a task, but no task waits for this trigger; fire an event instead", event.kind.as_str());
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
