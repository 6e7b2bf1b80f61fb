//! Checkpoints: the newest outcome of a trigger, kept with its row. An extension over the plain endpoints.

use rusqlite::{OptionalExtension, params};

use super::Write;
use crate::error::StoreError;

/// What is to be stored.
pub(crate) struct Checkpoint {
    pub(crate) trigger: i64,
    pub(crate) job: i64,
    pub(crate) position: i64,
    /// Neutral JSON text.
    pub(crate) value: Option<String>,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    Stored,
    NoTrigger,
    NotHolder,
    StalePosition,
}

/// Stores it if the caller holds the trigger and is ahead of what is stored.
pub(crate) fn store(write: &Write<'_>, checkpoint: &Checkpoint) -> Result<Kept, StoreError> {
    let sql = "SELECT triggerer_id, checkpoint_position FROM triggers WHERE id = ?1";
    let mut select = write.connection.prepare_cached(sql)?;
    let found: Option<(Option<i64>, Option<i64>)> =
        select.query_row([checkpoint.trigger], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((holder, stored)) = found else { return Ok(Kept::NoTrigger) };
    if holder != Some(checkpoint.job) {
        return Ok(Kept::NotHolder);
    }
    if stored.is_some_and(|stored| checkpoint.position <= stored) {
        return Ok(Kept::StalePosition);
    }
    let sql = "UPDATE triggers SET checkpoint_position = ?2, checkpoint_value = ?3 WHERE id = ?1";
    write.connection.prepare_cached(sql)?.execute(params![
        checkpoint.trigger,
        checkpoint.position,
        checkpoint.value
    ])?;
    Ok(Kept::Stored)
}
