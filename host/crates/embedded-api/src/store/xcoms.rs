//! XComs: raw stored JSON, never decoded here.

use rusqlite::{Connection, OptionalExtension, params};

use super::Write;
use crate::error::StoreError;

/// Whose XCom it is.
#[derive(Debug, Clone)]
pub(crate) struct Owner {
    pub(crate) dag_id: String,
    pub(crate) run_id: String,
    pub(crate) task_id: String,
    pub(crate) map_index: i64,
}

/// Which of the values of a key is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pick {
    /// The owner's map index.
    MapIndex,
    /// The owner's map index, else that of the newest earlier run that has one.
    OrPriorRuns,
    /// The nth of the mapped values; below zero from the end.
    Offset(i64),
}

/// The text of the value.
pub(crate) fn get(connection: &Connection, owner: &Owner, key: &str, pick: Pick) -> Result<Option<String>, StoreError> {
    let Owner { dag_id, run_id, task_id, map_index } = owner;
    let row = |sql: &str, parameters: &[&dyn rusqlite::ToSql]| -> Result<Option<String>, StoreError> {
        Ok(connection.prepare_cached(sql)?.query_row(parameters, |row| row.get(0)).optional()?)
    };
    match pick {
        Pick::Offset(at) => {
            let order = if at < 0 { "DESC" } else { "ASC" };
            let skip = if at < 0 { -(at + 1) } else { at };
            let sql = format!(
                "SELECT value FROM xcom WHERE dag_id = ?1 AND run_id = ?2 AND task_id = ?3 AND key = ?4
                 ORDER BY map_index {order} LIMIT 1 OFFSET ?5"
            );
            row(&sql, params![dag_id, run_id, task_id, key, skip])
        }
        Pick::MapIndex => row(
            "SELECT value FROM xcom WHERE dag_id = ?1 AND run_id = ?2 AND task_id = ?3 AND key = ?4 AND map_index = ?5",
            params![dag_id, run_id, task_id, key, map_index],
        ),
        Pick::OrPriorRuns => row(
            "SELECT value FROM xcom JOIN dag_run USING (dag_id, run_id)
             WHERE dag_id = ?1 AND task_id = ?3 AND key = ?4 AND map_index = ?5
               AND (run_id = ?2 OR logical_date <= (SELECT logical_date FROM dag_run WHERE dag_id = ?1 AND run_id = ?2))
             ORDER BY run_id = ?2 DESC, logical_date DESC LIMIT 1",
            params![dag_id, run_id, task_id, key, map_index],
        ),
    }
}

/// How many map indexes have this key.
pub(crate) fn count(connection: &Connection, owner: &Owner, key: &str) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) FROM xcom WHERE dag_id = ?1 AND run_id = ?2 AND task_id = ?3 AND key = ?4";
    let mut select = connection.prepare_cached(sql)?;
    Ok(select.query_row(params![owner.dag_id, owner.run_id, owner.task_id, key], |row| row.get(0))?)
}

/// Stores an XCom and replaces one of the same key.
pub(crate) fn set(write: &Write<'_>, owner: &Owner, key: &str, value: &str) -> Result<(), StoreError> {
    let sql =
        "INSERT OR REPLACE INTO xcom (dag_id, run_id, task_id, key, map_index, value) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let Owner { dag_id, run_id, task_id, map_index } = owner;
    write.connection.prepare_cached(sql)?.execute(params![dag_id, run_id, task_id, key, map_index, value])?;
    Ok(())
}

/// Removes it, if it is there.
pub(crate) fn delete(write: &Write<'_>, owner: &Owner, key: &str) -> Result<(), StoreError> {
    let sql = "DELETE FROM xcom WHERE dag_id = ?1 AND run_id = ?2 AND task_id = ?3 AND key = ?4 AND map_index = ?5";
    let Owner { dag_id, run_id, task_id, map_index } = owner;
    write.connection.prepare_cached(sql)?.execute(params![dag_id, run_id, task_id, key, map_index])?;
    Ok(())
}
