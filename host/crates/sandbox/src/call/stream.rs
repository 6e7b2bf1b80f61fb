//! What goes into the calls of the two stream worlds and what comes out of them.

use bytes::Bytes;
use trigger_host_types::{Event, UnixMs};

/// Which upstream a trigger reads, and which of its raw events. Checked: every JSON text is JSON of bounded size and
/// depth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    /// Triggers of one class with equal keys share one reader. JSON text.
    pub key: String,
    /// Name of the source, as the operator's catalog has it: at most 200 printable characters.
    pub source: String,
    /// For the source. JSON text.
    pub parameters: String,
    /// All have to hold, or the raw event is skipped without asking.
    pub wanted: Vec<Wanted>,
}

/// A condition on one field of a raw event that is JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Where the field is, as the guest wrote it.
    pub pointer: String,
    /// What it has to be.
    pub test: Test,
}

/// What a field has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// Equal to one of these JSON texts.
    OneOf(Vec<String>),
    /// A text that begins so.
    Prefix(String),
    /// There.
    Exists,
}

/// What one subscriber makes of one raw event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Not for this trigger.
    Skip,
    /// To be fired in this order.
    Emit(Vec<Event>),
    /// Malformed; says why, on one line.
    Reject(String),
}

/// What every call of a producer has to go by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// The parameters of the stream, neutral JSON text.
    pub parameters: String,
    /// The host's time when the call begins.
    pub now: UnixMs,
}

/// How much one read may bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand {
    /// The most messages.
    pub most: u32,
    /// How many milliseconds it may wait for the first.
    pub wait_ms: u32,
}

/// A message of a guest's upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What subscribers see.
    pub data: Bytes,
    /// What the acker knows it by.
    pub receipt: Bytes,
    /// Messages of one lane advance in their order.
    pub lane: Bytes,
}

/// The result of one read of a guest's upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadBatch {
    /// In the order of the upstream.
    pub messages: Vec<Message>,
    /// For the next read; JSON text.
    pub cursor: Option<String>,
    /// After this many milliseconds the upstream hands them to another reader.
    pub hold_ms: Option<u32>,
}

/// How the subscribers that saw a message settled it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Of the message.
    pub receipt: Bytes,
    /// How many accepted it.
    pub accepted: u32,
    /// How many rejected it as malformed.
    pub rejected: u32,
    /// How many failed on it.
    pub failed: u32,
}

/// What became of a batch that a producer advanced past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Advanced {
    /// All of it but these: places in the batch, ascending, and why, on one line.
    Except(Vec<(usize, String)>),
    /// None of it; to be tried again, after at least this many milliseconds if given.
    Retry(String, Option<u64>),
    /// None of it, and it never will.
    Fatal(String),
}
