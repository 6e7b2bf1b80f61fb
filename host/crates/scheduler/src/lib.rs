//! Which trigger runs when, and what Airflow hears in which order: a pure state machine.
//!
//! Commands come in as method calls with the time, and [`Effect`]s come out as a list; nothing here waits, sends, or
//! runs a guest. Whoever carries an effect out reports back with the [`Ticket`] it was given, and a report with an
//! outdated ticket changes nothing. What the scheduler carries for others (components, encoded events, receipts of
//! streams) are the types of one trait, [`Outside`].
//!
//! Invariants:
//! - a trigger is in exactly one phase, and has at most one call or request in flight;
//! - an outcome's events are accepted, in order, before its checkpoint is sent, and that before the next call;
//! - a trigger with an event or a failure still to be delivered is never started again, even though `load` lists it;
//! - nothing is remembered of a trigger once its outcome was accepted: ids may be reused;
//! - neither tokio nor wasm is below this package: its manifest keeps it pure.
#![forbid(unsafe_code)]

mod batches;
mod batching;
mod beats;
mod bounds;
mod claim;
mod claims;
mod deliveries;
mod effect;
mod fair;
mod impossible;
mod key;
mod listening;
mod on_kill;
mod outbox;
mod outside;
mod polls;
mod scheduler;
mod table;
mod wheel;

#[cfg(test)]
mod tests;

pub use batches::Batched;
pub use beats::Beats;
pub use bounds::{Bounds, Server, Unmapped};
pub use claim::{Claim, Claimed, Refusal, UNMAPPED};
pub use deliveries::Sent;
pub use effect::{Effect, Fate, Kill};
pub use impossible::Impossible;
pub use key::{Place, Source};
pub use listening::Heard;
pub use outbox::{Attempts, Checkpoint, EventMessage, FailureMessage, Message};
pub use outside::Outside;
pub use polls::{Answer, Answered};
pub use scheduler::Scheduler;
pub use table::{Ticket, Trigger};
