//! Deferral: a trigger row with the task, asset or callback that waits for it.

use rusqlite::{OptionalExtension, params};
use trigger_host_types::{TriggerId, TriggerKind};
use uuid::Uuid;

use super::{Write, column};
use crate::defer::{Defer, Task, Timeout};
use crate::error::{DeferError, StoreError};

/// The method a task resumes in; the event is its argument.
const RESUME: &str = "execute_complete";

/// Creates all of them, or none.
pub(crate) fn defer(write: &mut Write<'_>, triggers: &[Defer]) -> Result<Vec<TriggerId>, DeferError> {
    triggers.iter().enumerate().map(|(at, trigger)| one(write, at + 1, trigger).map(TriggerId)).collect()
}

fn one(write: &mut Write<'_>, position: usize, defer: &Defer) -> Result<i64, DeferError> {
    let id = insert_trigger(write, defer)?;
    match defer.kind {
        TriggerKind::Task => {
            let made_up = || Task::made_up(format!("trigger-{id}"));
            let task = defer.task.clone().unwrap_or_else(made_up);
            link_task(write, position, id, defer, &task)?;
        }
        TriggerKind::Asset if defer.assets.is_empty() => {
            watch(write, id, &format!("asset-{id}"), &format!("asset-{id}"))?
        }
        TriggerKind::Asset => {
            for (name, uri) in &defer.assets {
                watch(write, id, name, uri)?;
            }
        }
        TriggerKind::Callback => {
            let sql = "INSERT INTO callback (trigger_id, state) VALUES (?1, 'queued')";
            write.connection.prepare_cached(sql)?.execute([id])?;
        }
    }
    write.report_deferred(id, defer.classpath.clone(), defer.kind);
    Ok(id)
}

fn insert_trigger(write: &Write<'_>, defer: &Defer) -> Result<i64, StoreError> {
    // What SQLite does to a table without AUTOINCREMENT, which is what Airflow has: one more than the largest there is.
    let id: Option<i64> = if write.reuse_ids {
        let sql = "SELECT coalesce(max(id), 0) + 1 FROM triggers";
        Some(write.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
    } else {
        None
    };
    // Assets go by age alone.
    let weight = if defer.kind == TriggerKind::Asset { 0 } else { defer.priority_weight };
    let mut insert = write.connection.prepare_cached(
        "INSERT INTO triggers (id, classpath, kwargs, kind, queue, team, priority_weight, created)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    Ok(insert.insert(params![
        id,
        defer.classpath.as_str(),
        defer.kwargs,
        defer.kind.as_str(),
        defer.queue,
        defer.team,
        weight,
        column(write.now)
    ])?)
}

fn link_task(write: &Write<'_>, position: usize, id: i64, defer: &Defer, task: &Task) -> Result<(), DeferError> {
    let key = params![task.dag_id, task.run_id, task.task_id, task.map_index];
    let holder: Option<Option<i64>> = write
        .connection
        .prepare_cached(
            "SELECT iif(state = 'deferred', trigger_id, NULL) FROM task_instance
             WHERE dag_id = ?1 AND run_id = ?2 AND task_id = ?3 AND map_index = ?4",
        )?
        .query_row(key, |row| row.get(0))
        .optional()?;
    if let Some(Some(holder)) = holder {
        let task = format!("{}/{}/{}/{}", task.dag_id, task.run_id, task.task_id, task.map_index);
        return Err(DeferError::AlreadyDeferred { position, task, holder: TriggerId(holder) });
    }
    super::runs::ensure(write, &task.dag_id, &task.run_id)?;
    let timeout = defer.timeout.map(|timeout| match timeout {
        Timeout::At(at) => column(at),
        Timeout::After(after) => column(write.now).saturating_add(i64::try_from(after.as_millis()).unwrap_or(i64::MAX)),
    });
    let mut upsert = write.connection.prepare_cached(
        "INSERT INTO task_instance (id, dag_id, run_id, task_id, map_index, try_number, retries, state, queue, priority_weight,
             trigger_id, timeout_after, next_method, next_kwargs, start_date, dag_data, dag_run_data)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'deferred', ?8, ?9, ?10, ?11, ?12, '{}', ?13, ?14, ?15)
         ON CONFLICT (dag_id, run_id, task_id, map_index) DO UPDATE SET
             try_number = excluded.try_number, retries = excluded.retries, state = 'deferred', queue = excluded.queue,
             priority_weight = excluded.priority_weight, trigger_id = excluded.trigger_id, timeout_after = excluded.timeout_after,
             next_method = excluded.next_method, next_kwargs = '{}', end_date = NULL, dag_data = excluded.dag_data,
             dag_run_data = excluded.dag_run_data",
    )?;
    upsert.execute(params![
        Uuid::now_v7().to_string(),
        task.dag_id,
        task.run_id,
        task.task_id,
        task.map_index,
        task.try_number,
        task.retries,
        defer.queue.as_deref().unwrap_or("default"),
        defer.priority_weight,
        id,
        timeout,
        RESUME,
        column(write.now),
        defer.dag_data,
        defer.dag_run_data
    ])?;
    Ok(())
}

fn watch(write: &Write<'_>, id: i64, name: &str, uri: &str) -> Result<(), StoreError> {
    let sql = "INSERT INTO asset (name, uri) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET uri = excluded.uri";
    write.connection.prepare_cached(sql)?.execute(params![name, uri])?;
    let sql = "INSERT INTO asset_watcher (trigger_id, name) VALUES (?1, ?2)";
    write.connection.prepare_cached(sql)?.execute(params![id, name])?;
    Ok(())
}
