//! What the scheduler carries for this host: loaded components, encoded events, and receipts of shared streams.

use std::sync::Arc;

use encodings::{WireEvent, WireKind};
use execution_api::Registered;
use scheduler::{Outside, Server};
use serde_json::value::RawValue;
use trigger_host_types::IdempotencyKey;

use crate::catalog::Class;
use crate::streams::Receipt;

/// The types of this host.
#[derive(Debug)]
pub(crate) enum Carried {}

impl Outside for Carried {
    type Class = Arc<Class>;
    type Event = WireEvent;
    type Receipt = Receipt;

    fn listens(class: &Arc<Class>) -> bool {
        class.listens()
    }

    fn key(event: &WireEvent) -> &IdempotencyKey {
        &event.key
    }

    fn size(event: &WireEvent) -> usize {
        event.size()
    }

    fn encode_plain(json: &str, key: IdempotencyKey) -> WireEvent {
        let payload = RawValue::from_string(json.to_owned()).unwrap_or_else(|_| RawValue::NULL.to_owned());
        WireEvent { payload, kind: WireKind::Fire, key }
    }
}

/// What the scheduler has to know about the server.
pub(crate) fn describe_server(registered: &Registered) -> Server {
    let Registered { job_id, extensions } = registered;
    Server { job: job_id.0, checkpoints: extensions.checkpoint, batches: extensions.event_batch }
}

pub(crate) type Answer = scheduler::Answer<Carried>;
pub(crate) type Answered = scheduler::Answered<Carried>;
pub(crate) type Batched = scheduler::Batched<Carried>;
pub(crate) type Claim = scheduler::Claim<Carried>;
pub(crate) type Effect = scheduler::Effect<Carried>;
pub(crate) type EventMessage = scheduler::EventMessage<Carried>;
pub(crate) type Heard = scheduler::Heard<Carried>;
pub(crate) type Kill = scheduler::Kill<Carried>;
pub(crate) type Message = scheduler::Message<Carried>;
pub(crate) type Scheduler = scheduler::Scheduler<Carried>;
pub(crate) type Trigger = scheduler::Trigger<Carried>;
