//! What `/dev/` shows of triggers and tasks, and how many are waited for.

use rusqlite::{Connection, Row, params};
use serde::Serialize;

use super::workloads::Checkpoint;
use crate::error::StoreError;
use crate::time;

/// How many triggers are still waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Waiting {
    pub(crate) waiting: u64,
    /// Deferred tasks.
    tasks: u64,
    /// Callbacks without an end.
    callbacks: u64,
    /// Asset watchers without an event yet.
    assets: u64,
}

/// Counts them.
pub(crate) fn waiting(connection: &Connection) -> Result<Waiting, StoreError> {
    let count = |kind: &str| -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM triggers WHERE linked = 1 AND kind = ?1 AND NOT (kind = 'asset' AND fired = 1)";
        let count: i64 = connection.prepare_cached(sql)?.query_row([kind], |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or(0))
    };
    let (tasks, callbacks, assets) = (count("task")?, count("callback")?, count("asset")?);
    Ok(Waiting { waiting: tasks + callbacks + assets, tasks, callbacks, assets })
}

/// A trigger, as `/dev/triggers` shows it.
#[derive(Serialize)]
pub(crate) struct TriggerRow {
    id: i64,
    /// `waiting`, or `settled` when nothing needs it and clean-up will delete it.
    state: &'static str,
    classpath: String,
    kind: String,
    /// As stored: JSON text or a Fernet token.
    kwargs: String,
    queue: Option<String>,
    team: Option<String>,
    priority_weight: i64,
    created: String,
    fired: bool,
    holder: Option<Holder>,
    checkpoint: Option<Checkpoint>,
}

#[derive(Serialize)]
struct Holder {
    job_id: i64,
    hostname: Option<String>,
}

impl TriggerRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let hostname = row.get(11)?;
        Ok(Self {
            id: row.get(0)?,
            state: if row.get(1)? { "waiting" } else { "settled" },
            classpath: row.get(2)?,
            kind: row.get(3)?,
            kwargs: row.get(4)?,
            queue: row.get(5)?,
            team: row.get(6)?,
            priority_weight: row.get(7)?,
            created: time::text(row.get(8)?),
            fired: row.get(9)?,
            holder: row.get::<_, Option<i64>>(10)?.map(|job_id| Holder { job_id, hostname }),
            checkpoint: Checkpoint::read(row, 12)?,
        })
    }
}

/// At most `limit` triggers after an id.
pub(crate) fn triggers(connection: &Connection, after: i64, limit: u32) -> Result<Vec<TriggerRow>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT triggers.id, linked, classpath, kind, kwargs, queue, team, priority_weight, created, fired, triggerer_id, job.hostname,
                checkpoint_position, checkpoint_value
         FROM triggers LEFT JOIN job ON job.id = triggerer_id WHERE triggers.id > ?1 ORDER BY triggers.id LIMIT ?2",
    )?;
    let rows = select.query_map(params![after, limit], TriggerRow::read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A task instance, as `/dev/tasks` shows it.
pub(crate) struct TaskRow {
    pub(crate) id: String,
    pub(crate) dag_id: String,
    pub(crate) run_id: String,
    pub(crate) task_id: String,
    pub(crate) map_index: i64,
    pub(crate) try_number: i64,
    pub(crate) state: Option<String>,
    pub(crate) trigger_id: Option<i64>,
    pub(crate) timeout_after: Option<i64>,
    pub(crate) next_method: Option<String>,
    /// As stored: not always strict JSON.
    pub(crate) next_kwargs: Option<String>,
}

impl TaskRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            dag_id: row.get(1)?,
            run_id: row.get(2)?,
            task_id: row.get(3)?,
            map_index: row.get(4)?,
            try_number: row.get(5)?,
            state: row.get(6)?,
            trigger_id: row.get(7)?,
            timeout_after: row.get(8)?,
            next_method: row.get(9)?,
            next_kwargs: row.get(10)?,
        })
    }
}

/// Which tasks to show; absent is all.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TaskFilter {
    pub(crate) dag_id: Option<String>,
    pub(crate) run_id: Option<String>,
    pub(crate) task_id: Option<String>,
    pub(crate) map_index: Option<i64>,
    pub(crate) limit: Option<u32>,
}

/// The tasks that match, in the order they were made.
pub(crate) fn tasks(connection: &Connection, filter: &TaskFilter) -> Result<Vec<TaskRow>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT id, dag_id, run_id, task_id, map_index, try_number, state, trigger_id, timeout_after, next_method, next_kwargs
         FROM task_instance
         WHERE dag_id = coalesce(?1, dag_id) AND run_id = coalesce(?2, run_id) AND task_id = coalesce(?3, task_id)
           AND map_index = coalesce(?4, map_index) ORDER BY rowid LIMIT ?5",
    )?;
    let limit = filter.limit.unwrap_or(10_000);
    let rows = select
        .query_map(params![filter.dag_id, filter.run_id, filter.task_id, filter.map_index, limit], TaskRow::read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}
