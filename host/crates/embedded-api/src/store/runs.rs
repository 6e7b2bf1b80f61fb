//! Dag runs, as far as deferrals and `/dev/` made them known.

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::{Write, column};
use crate::error::StoreError;

/// A Dag run; times in milliseconds.
pub(crate) struct Run {
    pub(crate) state: String,
    pub(crate) logical_date: Option<i64>,
    pub(crate) run_after: i64,
    pub(crate) start_date: i64,
    pub(crate) end_date: Option<i64>,
    pub(crate) run_type: String,
    /// JSON text.
    pub(crate) conf: String,
}

/// Makes the Dag and a running run where there is none; its logical date is now.
pub(super) fn ensure(write: &Write<'_>, dag_id: &str, run_id: &str) -> Result<(), StoreError> {
    let sql = "INSERT OR IGNORE INTO dag (dag_id, version_id) VALUES (?1, ?2)";
    write.connection.prepare_cached(sql)?.execute(params![dag_id, Uuid::now_v7().to_string()])?;
    let sql =
        "INSERT OR IGNORE INTO dag_run (dag_id, run_id, state, logical_date, run_after, start_date, run_type, conf)
               VALUES (?1, ?2, 'running', ?3, ?3, ?3, 'manual', '{}')";
    write.connection.prepare_cached(sql)?.execute(params![dag_id, run_id, column(write.now)])?;
    Ok(())
}

/// What `PUT /dev/dag-runs/{dag}/{run}` sets; what is absent stays.
#[derive(Default)]
pub(crate) struct Change {
    pub(crate) state: Option<String>,
    pub(crate) logical_date: Option<i64>,
    pub(crate) run_type: Option<String>,
    /// JSON text.
    pub(crate) conf: Option<String>,
}

/// Makes or changes a run.
pub(crate) fn put(write: &Write<'_>, dag_id: &str, run_id: &str, change: &Change) -> Result<(), StoreError> {
    ensure(write, dag_id, run_id)?;
    let mut update = write.connection.prepare_cached(
        "UPDATE dag_run SET state = coalesce(?3, state), logical_date = coalesce(?4, logical_date), run_type = coalesce(?5, run_type),
             conf = coalesce(?6, conf), end_date = iif(coalesce(?3, state) IN ('success', 'failed'), coalesce(end_date, ?7), NULL)
         WHERE dag_id = ?1 AND run_id = ?2",
    )?;
    let Change { state, logical_date, run_type, conf } = change;
    update.execute(params![dag_id, run_id, state, logical_date, run_type, conf, column(write.now)])?;
    Ok(())
}

/// The run of this name.
pub(crate) fn get(connection: &Connection, dag_id: &str, run_id: &str) -> Result<Option<Run>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT state, logical_date, run_after, start_date, end_date, run_type, conf FROM dag_run WHERE dag_id = ?1 AND run_id = ?2",
    )?;
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Run {
            state: row.get(0)?,
            logical_date: row.get(1)?,
            run_after: row.get(2)?,
            start_date: row.get(3)?,
            end_date: row.get(4)?,
            run_type: row.get(5)?,
            conf: row.get(6)?,
        })
    };
    Ok(select.query_row([dag_id, run_id], read).optional()?)
}
