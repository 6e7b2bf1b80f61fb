//! Opening a database: what must be true of the file, the connection's settings, and the tables.
//!
//! Every query of a host's second-by-second calls is served by an index: `triggers_free` by claims, `triggers_held` by
//! the list, `triggers_loose` by clean-up, `tasks_due` by time-outs, `record_key` by repetitions.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::config::Database;
use crate::error::OpenError;

/// `THdv`, in SQLite's `application_id`.
const APPLICATION: i64 = 0x5448_6476;
/// Raised whenever the tables change.
const VERSION: i64 = 1;
/// How long another process may hold the file.
const BUSY: Duration = Duration::from_secs(5);
/// Statements kept compiled per connection; more than there are.
const STATEMENTS: usize = 128;

const TABLES: &str = "
CREATE TABLE job (
    id INTEGER PRIMARY KEY AUTOINCREMENT, job_type TEXT NOT NULL, hostname TEXT NOT NULL, state TEXT NOT NULL,
    start_date INTEGER NOT NULL, latest_heartbeat INTEGER NOT NULL, end_date INTEGER);
CREATE TABLE triggers (
    id INTEGER PRIMARY KEY AUTOINCREMENT, classpath TEXT NOT NULL, kwargs TEXT NOT NULL, kind TEXT NOT NULL, queue TEXT, team TEXT,
    priority_weight INTEGER NOT NULL, created INTEGER NOT NULL, triggerer_id INTEGER, linked INTEGER NOT NULL DEFAULT 1,
    fired INTEGER NOT NULL DEFAULT 0, checkpoint_position INTEGER, checkpoint_value TEXT);
CREATE INDEX triggers_free ON triggers(kind, queue, team, triggerer_id, priority_weight DESC, created, id) WHERE linked = 1;
CREATE INDEX triggers_callback ON triggers(queue, team, priority_weight DESC, created, id) WHERE linked = 1 AND kind = 'callback';
CREATE INDEX triggers_held ON triggers(triggerer_id, queue, team, id);
CREATE INDEX triggers_loose ON triggers(id) WHERE linked = 0;
CREATE TABLE dag (dag_id TEXT PRIMARY KEY, version_id TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE dag_run (
    dag_id TEXT NOT NULL, run_id TEXT NOT NULL, state TEXT NOT NULL, logical_date INTEGER, run_after INTEGER NOT NULL,
    start_date INTEGER NOT NULL, end_date INTEGER, run_type TEXT NOT NULL, conf TEXT NOT NULL,
    PRIMARY KEY (dag_id, run_id)) WITHOUT ROWID;
CREATE TABLE task_instance (
    id TEXT NOT NULL UNIQUE, dag_id TEXT NOT NULL, run_id TEXT NOT NULL, task_id TEXT NOT NULL, map_index INTEGER NOT NULL,
    try_number INTEGER NOT NULL, retries INTEGER NOT NULL, state TEXT, queue TEXT NOT NULL, priority_weight INTEGER NOT NULL,
    trigger_id INTEGER, timeout_after INTEGER, next_method TEXT, next_kwargs TEXT, start_date INTEGER, end_date INTEGER,
    dag_data TEXT, dag_run_data TEXT, UNIQUE (dag_id, run_id, task_id, map_index));
CREATE INDEX tasks_trigger ON task_instance(trigger_id) WHERE trigger_id IS NOT NULL;
CREATE INDEX tasks_due ON task_instance(timeout_after) WHERE trigger_id IS NOT NULL AND timeout_after IS NOT NULL;
CREATE TABLE asset (name TEXT PRIMARY KEY, uri TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE asset_watcher (trigger_id INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (trigger_id, name)) WITHOUT ROWID;
CREATE TABLE callback (id INTEGER PRIMARY KEY, trigger_id INTEGER, state TEXT NOT NULL, output TEXT);
CREATE INDEX callback_trigger ON callback(trigger_id) WHERE trigger_id IS NOT NULL;
CREATE TABLE record (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, what TEXT NOT NULL, trigger_id INTEGER NOT NULL, classpath TEXT, kind TEXT, payload TEXT,
    xcoms TEXT, lines TEXT, key TEXT, accepted_at INTEGER NOT NULL, job_id INTEGER, effect TEXT NOT NULL,
    repetitions INTEGER NOT NULL DEFAULT 0);
CREATE INDEX record_key ON record(key) WHERE key IS NOT NULL;
CREATE TABLE connection (
    conn_id TEXT PRIMARY KEY, conn_type TEXT NOT NULL, host TEXT, schema TEXT, login TEXT, password TEXT, port INTEGER, extra TEXT)
    WITHOUT ROWID;
CREATE TABLE variable (key TEXT PRIMARY KEY, value TEXT NOT NULL, description TEXT) WITHOUT ROWID;
CREATE TABLE xcom (
    dag_id TEXT NOT NULL, run_id TEXT NOT NULL, task_id TEXT NOT NULL, key TEXT NOT NULL, map_index INTEGER NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (dag_id, run_id, task_id, key, map_index)) WITHOUT ROWID;
CREATE TABLE state (
    scope TEXT NOT NULL, owner TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, expires_at INTEGER,
    PRIMARY KEY (scope, owner, key)) WITHOUT ROWID;
";

/// Opens or creates the database for the writer.
pub(super) fn open(database: &Database, most: Option<u64>) -> Result<Connection, OpenError> {
    let opened = match database {
        Database::Memory => Connection::open_in_memory(),
        Database::File(path) => {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
                return Err(OpenError::NoFolder(folder.to_owned()));
            }
            Connection::open(path)
        }
    };
    let connection = opened.map_err(|source| trouble(database, source))?;
    connection.busy_timeout(BUSY).map_err(|source| trouble(database, source))?;
    check(&connection, database)?;
    settle(&connection, most).map_err(|source| trouble(database, source))?;
    Ok(connection)
}

/// Opens one of the readers of a file that [`open`] has opened before.
pub(super) fn open_reader(path: &Path) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(connection)
    };
    open().map_err(|source| trouble(&Database::File(path.to_owned()), source))
}

/// Refuses what is not ours, creates the tables where there are none.
fn check(connection: &Connection, database: &Database) -> Result<(), OpenError> {
    let number = |sql: &str| {
        connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(|source| trouble(database, source))
    };
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    if tables == 0 {
        let create = format!(
            "PRAGMA application_id = {APPLICATION}; BEGIN IMMEDIATE; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;"
        );
        return connection.execute_batch(&create).map_err(|source| trouble(database, source));
    }
    let path = match database {
        Database::File(path) => path.clone(),
        Database::Memory => return Ok(()),
    };
    if number("PRAGMA application_id")? != APPLICATION {
        return Err(OpenError::Foreign(path));
    }
    match number("PRAGMA user_version")? {
        VERSION => Ok(()),
        found => Err(OpenError::Version { path, found, expected: VERSION }),
    }
}

fn settle(connection: &Connection, most: Option<u64>) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // A commit is in the file when it is answered, so it survives the process; the machine's own crash may take the
    // last ones.
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY;")?;
    if let Some(most) = most {
        let page: i64 = connection.query_row("PRAGMA page_size", [], |row| row.get(0))?;
        let pages = i64::try_from(most).unwrap_or(i64::MAX) / page.max(1);
        connection.execute_batch(&format!("PRAGMA max_page_count = {}", pages.max(1)))?;
    }
    Ok(())
}

fn trouble(database: &Database, source: rusqlite::Error) -> OpenError {
    match (database, source.sqlite_error_code()) {
        (Database::File(path), Some(ErrorCode::NotADatabase)) => OpenError::NotSqlite(path.clone()),
        (Database::File(path), _) => OpenError::Sqlite { path: format!("`{}`", path.display()), source },
        (Database::Memory, _) => OpenError::Sqlite { path: "in memory".to_owned(), source },
    }
}
