//! What the scheduler carries for others.

use std::fmt::Debug;

use trigger_host_types::IdempotencyKey;

/// The types that the scheduler passes through without looking inside, and the few questions it asks about them.
///
/// The implementor is a marker: it names the types and is never made.
pub trait Outside: Debug {
    /// What a class path is mapped to.
    type Class: Clone + Debug;
    /// An event in the encoding of the API.
    type Event: Debug;
    /// Stands for the raw event that an event was made of, until the event is stored. Dropping the last clone means
    /// that nobody will say what became of it.
    type Receipt: Clone + Debug;

    /// Whether triggers of this class listen to shared streams, and so wait without taking a slot for calls.
    fn listens(class: &Self::Class) -> bool;

    /// The idempotency key of an event.
    fn key(event: &Self::Event) -> &IdempotencyKey;

    /// About how many bytes an event adds to a request.
    fn size(event: &Self::Event) -> usize;

    /// The event that fires `json`, a JSON text without any tagged value.
    fn encode_plain(json: &str, key: IdempotencyKey) -> Self::Event;
}
