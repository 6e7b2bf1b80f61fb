//! The record: every accepted event, failure and time-out, in order, for `/dev/events` and for dropping repetitions.

use rusqlite::{Connection, Row, params};
use trigger_host_types::step::Effect;

use super::{Write, column};
use crate::error::StoreError;

/// One line of the record, before it is stored.
#[derive(Default)]
pub(super) struct Entry<'a> {
    pub(super) what: &'static str,
    pub(super) trigger: i64,
    pub(super) classpath: Option<String>,
    pub(super) job: Option<i64>,
    pub(super) kind: Option<&'static str>,
    pub(super) payload: Option<&'a str>,
    pub(super) xcoms: Option<String>,
    pub(super) lines: Option<String>,
    pub(super) key: Option<&'a str>,
}

/// Stores it; the sequence number.
pub(super) fn insert(write: &Write<'_>, entry: &Entry<'_>, effect: Effect) -> Result<i64, StoreError> {
    let mut insert = write.connection.prepare_cached(
        "INSERT INTO record (what, trigger_id, classpath, kind, payload, xcoms, lines, key, accepted_at, job_id, effect)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    Ok(insert.insert(params![
        entry.what,
        entry.trigger,
        entry.classpath,
        entry.kind,
        entry.payload,
        entry.xcoms,
        entry.lines,
        entry.key,
        column(write.now),
        entry.job,
        effect.as_str()
    ])?)
}

/// A stored line.
pub(crate) struct Record {
    pub(crate) sequence: i64,
    pub(crate) what: String,
    pub(crate) trigger_id: i64,
    pub(crate) classpath: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) payload: Option<String>,
    pub(crate) xcoms: Option<String>,
    pub(crate) lines: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) accepted_at: i64,
    pub(crate) job_id: Option<i64>,
    pub(crate) effect: String,
    pub(crate) repetitions: i64,
}

impl Record {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            sequence: row.get(0)?,
            what: row.get(1)?,
            trigger_id: row.get(2)?,
            classpath: row.get(3)?,
            kind: row.get(4)?,
            payload: row.get(5)?,
            xcoms: row.get(6)?,
            lines: row.get(7)?,
            key: row.get(8)?,
            accepted_at: row.get(9)?,
            job_id: row.get(10)?,
            effect: row.get(11)?,
            repetitions: row.get(12)?,
        })
    }
}

/// At most `limit` lines after a sequence number.
pub(crate) fn after(connection: &Connection, after: i64, limit: u32) -> Result<Vec<Record>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT sequence, what, trigger_id, classpath, kind, payload, xcoms, lines, key, accepted_at, job_id, effect, repetitions
         FROM record WHERE sequence > ?1 ORDER BY sequence LIMIT ?2",
    )?;
    let rows = select.query_map(params![after, limit], Record::read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}
