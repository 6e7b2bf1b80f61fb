//! Variables.

use rusqlite::{Connection, OptionalExtension, params};

use super::Write;
use crate::error::StoreError;

/// The value of this key.
pub(crate) fn get(connection: &Connection, key: &str) -> Result<Option<String>, StoreError> {
    let mut select = connection.prepare_cached("SELECT value FROM variable WHERE key = ?1")?;
    Ok(select.query_row([key], |row| row.get(0)).optional()?)
}

/// Stores a variable and replaces one of the same key.
pub(crate) fn put(write: &Write<'_>, key: &str, value: &str, description: Option<&str>) -> Result<(), StoreError> {
    let sql = "INSERT OR REPLACE INTO variable (key, value, description) VALUES (?1, ?2, ?3)";
    write.connection.prepare_cached(sql)?.execute(params![key, value, description])?;
    Ok(())
}

/// Removes it; whether there was one.
pub(crate) fn delete(write: &Write<'_>, key: &str) -> Result<bool, StoreError> {
    Ok(write.connection.prepare_cached("DELETE FROM variable WHERE key = ?1")?.execute([key])? == 1)
}

/// The keys with this prefix, a page of them, and how many there are in all.
pub(crate) fn keys(
    connection: &Connection,
    prefix: &str,
    limit: i64,
    offset: i64,
) -> Result<(Vec<String>, i64), StoreError> {
    let sql = "SELECT count(*) FROM variable WHERE substr(key, 1, length(?1)) = ?1";
    let total = connection.prepare_cached(sql)?.query_row([prefix], |row| row.get(0))?;
    let sql = "SELECT key FROM variable WHERE substr(key, 1, length(?1)) = ?1 ORDER BY key LIMIT ?2 OFFSET ?3";
    let mut select = connection.prepare_cached(sql)?;
    let keys = select.query_map(params![prefix, limit, offset], |row| row.get(0))?;
    Ok((keys.collect::<Result<_, _>>()?, total))
}
