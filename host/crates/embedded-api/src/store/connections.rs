//! Connections. The type holds a password, so it derives no printing trait.

use rusqlite::{Connection as Rows, OptionalExtension, params};

use super::Write;
use crate::error::StoreError;

/// A connection without its id, as `PUT /dev/connections/{id}` takes it.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fields {
    pub(crate) conn_type: String,
    pub(crate) host: Option<String>,
    pub(crate) schema: Option<String>,
    pub(crate) login: Option<String>,
    pub(crate) password: Option<String>,
    /// Airflow takes any integer.
    pub(crate) port: Option<i64>,
    /// JSON text.
    pub(crate) extra: Option<String>,
}

/// The connection of this id.
pub(crate) fn get(rows: &Rows, id: &str) -> Result<Option<Fields>, StoreError> {
    let sql = "SELECT conn_type, host, schema, login, password, port, extra FROM connection WHERE conn_id = ?1";
    let mut select = rows.prepare_cached(sql)?;
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Fields {
            conn_type: row.get(0)?,
            host: row.get(1)?,
            schema: row.get(2)?,
            login: row.get(3)?,
            password: row.get(4)?,
            port: row.get(5)?,
            extra: row.get(6)?,
        })
    };
    Ok(select.query_row([id], read).optional()?)
}

/// Stores a connection and replaces one of the same id.
pub(crate) fn put(write: &Write<'_>, id: &str, fields: &Fields) -> Result<(), StoreError> {
    let sql = "INSERT OR REPLACE INTO connection (conn_id, conn_type, host, schema, login, password, port, extra)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    write.connection.prepare_cached(sql)?.execute(params![
        id,
        fields.conn_type,
        fields.host,
        fields.schema,
        fields.login,
        fields.password,
        fields.port,
        fields.extra
    ])?;
    Ok(())
}

/// Removes it; whether there was one.
pub(crate) fn delete(write: &Write<'_>, id: &str) -> Result<bool, StoreError> {
    Ok(write.connection.prepare_cached("DELETE FROM connection WHERE conn_id = ?1")?.execute([id])? == 1)
}
