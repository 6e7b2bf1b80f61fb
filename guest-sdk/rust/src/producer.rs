//! What an author of a producer implements: an upstream of shared streams, spoken over HTTP.

use crate::producer_bindings::exports::trigger_host::trigger::{acker, reader};
use crate::{Checkpoint, DateTime, Duration, Error, Kwargs, Result};

/// An upstream: the parameters of the stream are the fields of the struct.
///
/// Reading and advancing run in instances of their own, side by side: what `advance` needs has to be in the receipts
/// and the parameters.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a producer yet",
    note = "write `impl Producer for {Self} {{ type Cursor = (); fn read(..) .. fn advance(..) .. }}`"
)]
pub trait Producer: Kwargs {
    /// What one read gives to the next. In memory only; `()` when nothing.
    type Cursor: Checkpoint;

    /// Reads up to `demand.most` messages, waiting for the first up to `demand.wait`.
    ///
    /// # Errors
    /// Are logged; the host reads again after a while.
    fn read(&self, demand: &Demand, cursor: Option<Self::Cursor>) -> Result<Batch<Self::Cursor>>;

    /// Tells the upstream what became of messages, in order. Gives those that are not done, by their place in the
    /// batch; only they are advanced again. Has to bear repetition.
    ///
    /// # Errors
    /// The whole batch is not done. Any [`Error`] becomes one that is tried again.
    fn advance(&self, now: DateTime, batch: &[Settled]) -> Result<Vec<Unfinished>, AdvanceError>;

    /// Keeps messages from being given to somebody else for so long. Called before the hold of a batch ends; only for
    /// those that said one.
    ///
    /// # Errors
    /// Are logged; the messages may come again.
    fn extend(&self, now: DateTime, receipts: &[Vec<u8>], hold: Duration) -> Result<()> {
        let _ = (now, receipts, hold);
        Ok(())
    }
}

/// What one read may bring.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Demand {
    /// So many messages at most.
    pub most: u32,
    /// So long may it wait for the first.
    pub wait: Duration,
    /// The host's time.
    pub now: DateTime,
}

impl Demand {
    pub(crate) fn new(most: u32, wait_ms: u32, now: u64) -> Self {
        Self { most, wait: Duration::from_millis(wait_ms.into()), now: DateTime::from_unix_ms(now) }
    }
}

/// A message of the upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// What subscribers see.
    pub data: Vec<u8>,
    /// Whatever `advance` needs to know it by.
    pub receipt: Vec<u8>,
    /// Messages of one lane advance in their order; different lanes do not wait for each other.
    pub lane: Vec<u8>,
}

/// What one read came to.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct Batch<C> {
    messages: Vec<Received>,
    cursor: Option<C>,
    hold: Option<Duration>,
}

impl<C> Batch<C> {
    /// These, in the order of the upstream.
    pub fn new(messages: Vec<Received>) -> Self {
        Self { messages, cursor: None, hold: None }
    }

    /// For the next read.
    pub fn cursor(mut self, cursor: C) -> Self {
        self.cursor = Some(cursor);
        self
    }

    /// After so long the upstream gives them to somebody else.
    pub fn hold(mut self, hold: impl Into<Duration>) -> Self {
        self.hold = Some(hold.into());
        self
    }

    /// The messages.
    pub fn messages(&self) -> &[Received] {
        &self.messages
    }
}

impl<C: Checkpoint> Batch<C> {
    pub(crate) fn into_wit(self) -> Result<reader::Batch> {
        let message = |one: Received| reader::Message { data: one.data, receipt: one.receipt, lane: one.lane };
        let cursor = self.cursor.map(|cursor| serde_json::to_string(&cursor)).transpose();
        Ok(reader::Batch {
            messages: self.messages.into_iter().map(message).collect(),
            cursor: cursor.map_err(|why| Error::failed(format!("the cursor is not JSON: {why}")))?,
            hold_ms: self.hold.map(|hold| u32::try_from(hold.as_millis()).unwrap_or(u32::MAX)),
        })
    }
}

/// How the subscribers that saw a message settled it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settled {
    /// Of the message.
    pub receipt: Vec<u8>,
    /// So many accepted it, and what they made of it is stored.
    pub accepted: u32,
    /// So many called it malformed.
    pub rejected: u32,
    /// So many failed it.
    pub failed: u32,
}

impl Settled {
    /// Nobody failed or refused it: it can be forgotten upstream.
    pub const fn is_clean(&self) -> bool {
        self.failed == 0 && self.rejected == 0
    }

    /// Somebody failed it: it should come again.
    pub const fn is_failed(&self) -> bool {
        self.failed > 0
    }

    /// Nobody failed it and somebody called it malformed: it belongs aside.
    pub const fn is_rejected(&self) -> bool {
        self.failed == 0 && self.rejected > 0
    }
}

impl From<acker::Settled> for Settled {
    fn from(settled: acker::Settled) -> Self {
        let acker::Settled { receipt, accepted, rejected, failed } = settled;
        Self { receipt, accepted, rejected, failed }
    }
}

/// A message of a batch that is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// Its place in the batch, from 0.
    pub index: u32,
    /// One line.
    pub reason: String,
}

/// Why a batch as a whole is not done.
#[derive(Debug, Clone, PartialEq)]
pub enum AdvanceError {
    /// Try again; not before so long.
    Retry(String, Option<Duration>),
    /// It will never work: the stream ends, and is opened anew.
    Fatal(String),
}

impl From<Error> for AdvanceError {
    fn from(error: Error) -> Self {
        Self::Retry(error.to_string(), None)
    }
}

impl From<AdvanceError> for acker::AdvanceError {
    fn from(error: AdvanceError) -> Self {
        match error {
            AdvanceError::Retry(why, wait) => Self::Retry((why, wait.map(|wait| wait.as_millis()))),
            AdvanceError::Fatal(why) => Self::Fatal(why),
        }
    }
}
