//! The state stores of assets and task instances: values under a scope, an owner and a key.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Write, column};
use crate::error::StoreError;

/// Whose state it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owner {
    /// `asset` or `ti`.
    pub(crate) scope: &'static str,
    /// The asset's name or the task instance's id.
    pub(crate) id: String,
}

/// The asset's name, from its name or its URI.
pub(crate) fn asset(connection: &Connection, column: AssetColumn, value: &str) -> Result<Option<String>, StoreError> {
    let sql = match column {
        AssetColumn::Name => "SELECT name FROM asset WHERE name = ?1",
        AssetColumn::Uri => "SELECT name FROM asset WHERE uri = ?1 ORDER BY name LIMIT 1",
    };
    Ok(connection.prepare_cached(sql)?.query_row([value], |row| row.get(0)).optional()?)
}

/// How an asset is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AssetColumn {
    Name,
    Uri,
}

/// The text of the value, if it has not expired by then.
pub(crate) fn get(connection: &Connection, owner: &Owner, key: &str, now: i64) -> Result<Option<String>, StoreError> {
    let sql = "SELECT value FROM state WHERE scope = ?1 AND owner = ?2 AND key = ?3 AND (expires_at IS NULL OR expires_at > ?4)";
    let mut select = connection.prepare_cached(sql)?;
    Ok(select.query_row(params![owner.scope, owner.id, key, now], |row| row.get(0)).optional()?)
}

/// Stores a state and replaces one of the same key.
pub(crate) fn put(
    write: &Write<'_>,
    owner: &Owner,
    key: &str,
    value: &str,
    expires_at: Option<i64>,
) -> Result<(), StoreError> {
    let sql = "INSERT OR REPLACE INTO state (scope, owner, key, value, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)";
    write.connection.prepare_cached(sql)?.execute(params![owner.scope, owner.id, key, value, expires_at])?;
    // Expired values of anybody are of no use to anybody.
    let sql = "DELETE FROM state WHERE expires_at <= ?1";
    write.connection.prepare_cached(sql)?.execute([column(write.now)])?;
    Ok(())
}

/// Removes one key, or all of them.
pub(crate) fn delete(write: &Write<'_>, owner: &Owner, key: Option<&str>) -> Result<(), StoreError> {
    let sql = "DELETE FROM state WHERE scope = ?1 AND owner = ?2 AND (?3 IS NULL OR key = ?3)";
    write.connection.prepare_cached(sql)?.execute(params![owner.scope, owner.id, key])?;
    Ok(())
}
