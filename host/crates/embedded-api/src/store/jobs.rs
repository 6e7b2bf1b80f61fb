//! Jobs: one row per life of a host. See docs/design/execution-api.md#jobs-and-triggers.

use rusqlite::{Connection, params};

use super::{Write, column};
use crate::error::StoreError;

/// What a Job must be to count as alive in assignment.
const TRIGGERER: &str = "TriggererJob";

/// A new row, alive from now on.
pub(crate) fn register(write: &Write<'_>, job_type: &str, hostname: &str) -> Result<i64, StoreError> {
    let now = column(write.real);
    let mut insert = write.connection.prepare_cached(
        "INSERT INTO job (job_type, hostname, state, start_date, latest_heartbeat) VALUES (?1, ?2, 'running', ?3, ?3)",
    )?;
    Ok(insert.insert(params![job_type, hostname, now])?)
}

/// Whether there is such a Job. A beat clears the end date, so that it revives a completed Job, as Airflow's does.
pub(crate) fn heartbeat(write: &Write<'_>, job: i64) -> Result<bool, StoreError> {
    let sql = "UPDATE job SET latest_heartbeat = ?2, end_date = NULL, state = 'running' WHERE id = ?1";
    Ok(write.connection.prepare_cached(sql)?.execute(params![job, column(write.real)])? == 1)
}

/// Whether there is such a Job; its triggers are free from now on.
pub(crate) fn complete(write: &Write<'_>, job: i64) -> Result<bool, StoreError> {
    let sql = "UPDATE job SET end_date = ?2, state = 'success' WHERE id = ?1";
    Ok(write.connection.prepare_cached(sql)?.execute(params![job, column(write.real)])? == 1)
}

/// The Jobs whose triggers may not be taken, by the caller's threshold in seconds.
pub(super) fn alive(write: &Write<'_>, threshold: f64) -> Result<Vec<i64>, StoreError> {
    #[expect(clippy::cast_possible_truncation, reason = "a threshold beyond i64 saturates, which is what it means")]
    let after = column(write.real).saturating_sub((threshold * 1_000.0) as i64);
    let sql = "SELECT id FROM job WHERE end_date IS NULL AND latest_heartbeat > ?1 AND job_type = ?2";
    let mut select = write.connection.prepare_cached(sql)?;
    let ids = select.query_map(params![after, TRIGGERER], |row| row.get(0))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

/// One Job, as `/dev/jobs` shows it. Times in milliseconds, by the hosts' clock.
#[derive(serde::Serialize)]
pub(crate) struct JobRow {
    job_id: i64,
    job_type: String,
    hostname: String,
    state: String,
    latest_heartbeat: i64,
    end_date: Option<i64>,
    triggers: i64,
}

/// Every Job, oldest first.
pub(crate) fn list(connection: &Connection) -> Result<Vec<JobRow>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT id, job_type, hostname, state, latest_heartbeat, end_date,
                (SELECT count(*) FROM triggers WHERE triggerer_id = job.id) FROM job ORDER BY id",
    )?;
    let rows = select.query_map([], |row| {
        Ok(JobRow {
            job_id: row.get(0)?,
            job_type: row.get(1)?,
            hostname: row.get(2)?,
            state: row.get(3)?,
            latest_heartbeat: row.get(4)?,
            end_date: row.get(5)?,
            triggers: row.get(6)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
