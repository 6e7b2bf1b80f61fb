//! The part of the scheduler that a host can notice: time-outs, people who clear or mark tasks, and clean-up.

use rusqlite::{OptionalExtension, params};
use trigger_host_types::step::{Effect, StepKind};

use super::records::{self, Entry};
use super::{Write, column, runs};
use crate::error::StoreError;

/// When the next `timeout_after` passes.
pub(super) const NEXT_TIMEOUT: &str =
    "SELECT min(timeout_after) FROM task_instance WHERE trigger_id IS NOT NULL AND timeout_after IS NOT NULL";

/// Fails every deferred task whose `timeout_after` lies before now, and cuts its link. See
/// docs/design/triggerer.md#cancelling.
pub(super) fn time_out(write: &mut Write<'_>) -> Result<(), StoreError> {
    let mut select = write.connection.prepare_cached(
        "SELECT trigger_id FROM task_instance
         WHERE trigger_id IS NOT NULL AND timeout_after IS NOT NULL AND timeout_after < ?1 AND state = 'deferred'
         ORDER BY timeout_after, trigger_id",
    )?;
    let due: Vec<i64> = select.query_map([column(write.now)], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for id in due {
        write
            .connection
            .prepare_cached(
                "UPDATE task_instance SET state = 'scheduled', trigger_id = NULL, timeout_after = NULL, next_method = '__fail__',
                     next_kwargs = '{\"error\": \"Trigger timeout\"}' WHERE trigger_id = ?1",
            )?
            .execute([id])?;
        loosen(write, id)?;
        let entry = Entry { what: "timeout", trigger: id, ..Entry::default() };
        let sequence = records::insert(write, &entry, Effect::Failed)?;
        write.report(id, StepKind::TimedOut { sequence });
    }
    Ok(())
}

/// Nothing needs this trigger any more.
fn loosen(write: &Write<'_>, id: i64) -> rusqlite::Result<()> {
    write.connection.prepare_cached("UPDATE triggers SET linked = 0 WHERE id = ?1")?.execute([id]).map(drop)
}

/// Deletes every trigger that no task, asset or callback needs; for all hosts at once.
pub(crate) fn clean_up(write: &mut Write<'_>) -> Result<(), StoreError> {
    let mut delete = write.connection.prepare_cached("DELETE FROM triggers WHERE linked = 0 RETURNING id")?;
    let gone: Vec<i64> = delete.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for id in gone {
        write.report(id, StepKind::Deleted);
    }
    Ok(())
}

/// A task instance, as people name it.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mark {
    pub(crate) dag_id: String,
    pub(crate) run_id: String,
    pub(crate) task_id: String,
    #[serde(default = "not_mapped")]
    pub(crate) map_index: i64,
    /// The new state; null is "no state", what clearing leaves.
    #[serde(default)]
    pub(crate) state: Option<String>,
    /// Whether the trigger goes at once, as if a clean-up followed, or stays listed until one comes.
    #[serde(default = "at_once")]
    pub(crate) cleanup: bool,
}

const fn not_mapped() -> i64 {
    -1
}

const fn at_once() -> bool {
    true
}

/// Sets a task's state, made if there is none, and cuts its link. The trigger that was cut, if any.
pub(crate) fn mark(write: &mut Write<'_>, mark: &Mark) -> Result<Option<i64>, StoreError> {
    let key = params![mark.dag_id, mark.run_id, mark.task_id, mark.map_index];
    let sql =
        "SELECT trigger_id FROM task_instance WHERE dag_id = ?1 AND run_id = ?2 AND task_id = ?3 AND map_index = ?4";
    let held: Option<Option<i64>> =
        write.connection.prepare_cached(sql)?.query_row(key, |row| row.get(0)).optional()?;
    runs::ensure(write, &mark.dag_id, &mark.run_id)?;
    let mut upsert = write.connection.prepare_cached(
        "INSERT INTO task_instance (id, dag_id, run_id, task_id, map_index, try_number, retries, state, queue, priority_weight, start_date)
         VALUES (?5, ?1, ?2, ?3, ?4, 1, 0, ?6, 'default', 1, ?7)
         ON CONFLICT (dag_id, run_id, task_id, map_index) DO UPDATE SET
             state = excluded.state, trigger_id = NULL, timeout_after = NULL, next_method = NULL, next_kwargs = NULL, end_date = ?7",
    )?;
    let id = uuid::Uuid::now_v7().to_string();
    upsert.execute(params![
        mark.dag_id,
        mark.run_id,
        mark.task_id,
        mark.map_index,
        id,
        mark.state,
        column(write.now)
    ])?;
    let Some(trigger) = held.flatten() else { return Ok(None) };
    loosen(write, trigger)?;
    write.report(trigger, StepKind::Cleared);
    if mark.cleanup {
        write.connection.prepare_cached("DELETE FROM triggers WHERE id = ?1")?.execute([trigger])?;
        write.report(trigger, StepKind::Deleted);
    }
    Ok(Some(trigger))
}

/// Takes a trigger away with what waits for it, as when its Dag or asset goes. Whether there was one.
pub(crate) fn remove(write: &mut Write<'_>, id: i64) -> Result<bool, StoreError> {
    if write.connection.prepare_cached("DELETE FROM triggers WHERE id = ?1")?.execute([id])? == 0 {
        return Ok(false);
    }
    for sql in [
        "UPDATE task_instance SET state = 'removed', trigger_id = NULL, timeout_after = NULL WHERE trigger_id = ?1",
        "DELETE FROM asset_watcher WHERE trigger_id = ?1",
        "DELETE FROM callback WHERE trigger_id = ?1",
    ] {
        write.connection.prepare_cached(sql)?.execute([id])?;
    }
    write.report(id, StepKind::Deleted);
    Ok(true)
}
