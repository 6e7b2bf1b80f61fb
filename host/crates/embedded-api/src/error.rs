//! What can go wrong at this crate's seams, each with what to do about it.

use std::path::PathBuf;

use trigger_host_types::TriggerId;

/// Why a server cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database's folder is missing.
    #[error("the folder `{}` does not exist: create it, or name a database elsewhere", .0.display())]
    NoFolder(PathBuf),
    /// The file is something else.
    #[error("`{}` is not a SQLite database: name another file, or move this one away", .0.display())]
    NotSqlite(PathBuf),
    /// The database belongs to another program.
    #[error("`{}` is a SQLite database of another program: name another file", .0.display())]
    Foreign(PathBuf),
    /// The database was written by another version.
    #[error("`{}` has schema version {found}, but this program reads {expected}: use the matching program, or a new file", .path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// What it has.
        found: i64,
        /// What this program reads.
        expected: i64,
    },
    /// SQLite refused for another reason.
    #[error("cannot open the database {path}")]
    Sqlite {
        /// The file, or `in memory`.
        path: String,
        /// What SQLite said.
        #[source]
        source: rusqlite::Error,
    },
    /// No thread for the writer.
    #[error("cannot start the database's writer thread")]
    Thread(#[source] std::io::Error),
}

/// Why something was not read or not written. The server goes on.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite refused, e.g. because the disk is full.
    #[error("the database refused an operation")]
    Sqlite(#[from] rusqlite::Error),
    /// The transaction that held this write was lost with another one's trouble; nothing of it is stored.
    #[error("the database rolled back a transaction: {0}")]
    Lost(String),
    /// The database's thread has ended.
    #[error("the database is closed")]
    Closed,
}

/// Why triggers were not deferred. None of the list is stored.
#[derive(Debug, thiserror::Error)]
pub enum DeferError {
    /// The text is not a JSON list.
    #[error("not a JSON list of triggers: {0}")]
    NotAList(String),
    /// One trigger of the list is wrong.
    #[error("trigger {position} of the list (line {line}, column {column}): {what}")]
    Malformed {
        /// Counted from 1.
        position: usize,
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// What is wrong, with the key.
        what: String,
    },
    /// The task already waits for another trigger.
    #[error(
        "trigger {position} of the list: task `{task}` is already deferred by trigger {holder}: clear it first, or name another"
    )]
    AlreadyDeferred {
        /// Counted from 1.
        position: usize,
        /// Dag, run, task and map index.
        task: String,
        /// What it waits for.
        holder: TriggerId,
    },
    /// The database refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for DeferError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}
