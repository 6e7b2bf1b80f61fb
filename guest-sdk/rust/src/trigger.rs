//! What an author implements.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Context, DateTime, Duration, Outcome, Result};

/// Implemented by `#[trigger]`: the kwargs as a type, and one sentence about them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not hold the kwargs of a trigger",
    note = "put `#[trigger]` and a doc comment above `struct {Self}`"
)]
pub trait Kwargs: DeserializeOwned + JsonSchema + 'static {
    /// What the trigger waits for, in one sentence.
    const SUMMARY: &'static str;
}

/// What lives on between two polls: `#[checkpoint]` above a type makes it one.
///
/// A trait of its own, although it asks for nothing more than serde, because of the error message.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be kept as a checkpoint",
    note = "put `#[checkpoint]` above your own type; `()` is for triggers that keep nothing"
)]
pub trait Checkpoint: Serialize + DeserializeOwned {}

macro_rules! checkpoints {
    ($($type:ty),*) => { $(impl Checkpoint for $type {})* };
}

checkpoints!((), bool, u32, u64, i64, f64, String, DateTime, Duration, serde_json::Value);

impl<T: Checkpoint> Checkpoint for Option<T> {}
impl<T: Checkpoint> Checkpoint for Vec<T> {}
impl<T: Checkpoint> Checkpoint for BTreeMap<String, T> {}

/// A trigger: its kwargs are the fields of the struct.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a trigger yet",
    note = "write `impl Trigger for {Self} {{ type Checkpoint = (); fn poll(&self, cx: &Context, checkpoint: Option<()>) -> Result<Outcome> {{ .. }} }}`"
)]
pub trait Trigger: Kwargs {
    /// What must live on between two polls, and survive a crash of the host. `()` when nothing must.
    type Checkpoint: Checkpoint;

    /// Refuses kwargs that fit their types but not each other. Called before every poll.
    ///
    /// # Errors
    /// [`Error::kwarg`](crate::Error::kwarg) names the key and what was expected.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// Looks once at what the trigger waits for, and says what came of it and when to look again.
    ///
    /// `checkpoint` is the last one that was stored, none before that. Do what must not happen twice only after its
    /// intent is in the checkpoint: a poll whose outcome is lost is repeated with the old one.
    ///
    /// # Errors
    /// Ends the trigger and fails the task.
    fn poll(&self, cx: &Context, checkpoint: Option<Self::Checkpoint>) -> Result<Outcome<Self::Checkpoint>>;

    /// The user has stopped the task: cancel what was started outside.
    ///
    /// # Errors
    /// Are logged; nothing else follows.
    fn on_kill(&self, cx: &Context, checkpoint: Option<Self::Checkpoint>) -> Result<()> {
        let _ = (cx, checkpoint);
        Ok(())
    }
}
