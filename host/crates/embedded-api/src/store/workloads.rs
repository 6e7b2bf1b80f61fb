//! Workloads: what a host needs to run a trigger. See docs/design/execution-api.md#workloads.

use std::collections::BTreeMap;

use rusqlite::{CachedStatement, Connection, OptionalExtension, Row};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::error::StoreError;
use crate::time;

/// `RunTrigger`, in the order of fields that Airflow's builder writes.
#[derive(Serialize)]
pub(crate) struct RunTrigger {
    id: i64,
    classpath: String,
    encrypted_kwargs: String,
    ti: Option<TaskInstance>,
    timeout_after: Option<String>,
    r#type: &'static str,
    dag_data: Option<Box<RawValue>>,
    dag_run_data: Option<Box<RawValue>>,
    watched_assets: Option<BTreeMap<String, String>>,
    /// Absent without the extension; null where none is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    checkpoint: Option<Option<Checkpoint>>,
}

#[derive(Serialize)]
struct TaskInstance {
    id: String,
    task_id: String,
    dag_id: String,
    run_id: String,
    try_number: i64,
    dag_version_id: String,
    map_index: i64,
    hostname: &'static str,
    context_carrier: Option<()>,
    queue: String,
    pool_slots: u32,
    priority_weight: i64,
}

/// A stored checkpoint.
#[derive(Serialize)]
pub(crate) struct Checkpoint {
    pub(crate) position: i64,
    pub(crate) value: Option<String>,
}

impl Checkpoint {
    /// From two columns.
    pub(crate) fn read(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<Self>> {
        let position: Option<i64> = row.get(at)?;
        let value = row.get(at + 1)?;
        Ok(position.map(|position| Self { position, value }))
    }
}

/// The workloads of those of the ids that something still needs.
pub(crate) fn workloads(
    connection: &Connection,
    ids: &[i64],
    checkpoints: bool,
) -> Result<Vec<RunTrigger>, StoreError> {
    let mut triggers = connection.prepare_cached(
        "SELECT id, classpath, kwargs, kind, checkpoint_position, checkpoint_value FROM triggers WHERE id = ?1 AND linked = 1",
    )?;
    let mut tasks = connection.prepare_cached(
        "SELECT id, task_id, dag_id, run_id, try_number, (SELECT version_id FROM dag WHERE dag.dag_id = task_instance.dag_id),
                map_index, queue, priority_weight, timeout_after, dag_data, dag_run_data
         FROM task_instance WHERE trigger_id = ?1",
    )?;
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        let read = |row: &Row<'_>| {
            let checkpoint = checkpoints.then(|| Checkpoint::read(row, 4)).transpose()?;
            Ok((row.get::<_, String>(3)?, bare(row, checkpoint)?))
        };
        let Some((kind, mut workload)) = triggers.query_row([id], read).optional()? else { continue };
        match kind.as_str() {
            "task" if !add_task(&mut tasks, &mut workload)? => continue,
            "asset" => workload.watched_assets = Some(assets(connection, *id)?),
            _ => {}
        }
        found.push(workload);
    }
    Ok(found)
}

fn bare(row: &Row<'_>, checkpoint: Option<Option<Checkpoint>>) -> rusqlite::Result<RunTrigger> {
    Ok(RunTrigger {
        id: row.get(0)?,
        classpath: row.get(1)?,
        encrypted_kwargs: row.get(2)?,
        ti: None,
        timeout_after: None,
        r#type: "RunTrigger",
        dag_data: None,
        dag_run_data: None,
        watched_assets: None,
        checkpoint,
    })
}

/// Whether a task waits for it.
fn add_task(tasks: &mut CachedStatement<'_>, workload: &mut RunTrigger) -> Result<bool, StoreError> {
    let raw = |row: &Row<'_>, at| -> rusqlite::Result<Option<Box<RawValue>>> {
        Ok(row.get::<_, Option<String>>(at)?.and_then(|text| RawValue::from_string(text).ok()))
    };
    let read = |row: &Row<'_>| {
        let ti = TaskInstance {
            id: row.get(0)?,
            task_id: row.get(1)?,
            dag_id: row.get(2)?,
            run_id: row.get(3)?,
            try_number: row.get(4)?,
            dag_version_id: row.get(5)?,
            map_index: row.get(6)?,
            hostname: "",
            context_carrier: None,
            queue: row.get(7)?,
            pool_slots: 1,
            priority_weight: row.get(8)?,
        };
        Ok((ti, row.get::<_, Option<i64>>(9)?, raw(row, 10)?, raw(row, 11)?))
    };
    let Some((ti, timeout, dag, run)) = tasks.query_row([workload.id], read).optional()? else { return Ok(false) };
    workload.ti = Some(ti);
    workload.timeout_after = timeout.map(time::text);
    workload.dag_data = dag;
    workload.dag_run_data = run;
    Ok(true)
}

fn assets(connection: &Connection, id: i64) -> Result<BTreeMap<String, String>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT asset.name, asset.uri FROM asset_watcher JOIN asset USING (name) WHERE trigger_id = ?1",
    )?;
    let rows = select.query_map([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Who holds a trigger, and the task instance that waits for it.
pub(crate) struct Holder {
    pub(crate) job: Option<i64>,
    pub(crate) task_instance: Option<String>,
}

/// The holder of a trigger that is there.
pub(crate) fn holder(connection: &Connection, id: i64) -> Result<Option<Holder>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT triggerer_id, (SELECT task_instance.id FROM task_instance WHERE trigger_id = triggers.id)
         FROM triggers WHERE triggers.id = ?1",
    )?;
    let read = |row: &Row<'_>| Ok(Holder { job: row.get(0)?, task_instance: row.get(1)? });
    Ok(select.query_row([id], read).optional()?)
}
