//! Questions about tasks and runs that triggers ask: counts, states, the previous one.

use std::collections::BTreeMap;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};
use serde::Serialize;

use crate::error::StoreError;
use crate::time;

/// Which task instances or runs are meant; an empty list is no condition.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    pub(crate) dag_id: String,
    pub(crate) map_index: Option<i64>,
    pub(crate) task_ids: Vec<String>,
    pub(crate) run_ids: Vec<String>,
    /// Milliseconds.
    pub(crate) logical_dates: Vec<i64>,
    /// `None` is "no state".
    pub(crate) states: Vec<Option<String>>,
}

impl Filter {
    /// The condition and its parameters.
    fn condition(&self, state: &str) -> (String, Vec<Value>) {
        let mut sql = "dag_id = ?".to_owned();
        let mut parameters = vec![Value::from(self.dag_id.clone())];
        let mut any = |column: &str, values: Vec<Value>| {
            if !values.is_empty() {
                let each = vec![format!("{column} IS ?"); values.len()];
                sql.push_str(&format!(" AND ({})", each.join(" OR ")));
                parameters.extend(values);
            }
        };
        any("map_index", self.map_index.into_iter().map(Value::from).collect());
        any("task_id", self.task_ids.iter().cloned().map(Value::from).collect());
        any("run_id", self.run_ids.iter().cloned().map(Value::from).collect());
        any("logical_date", self.logical_dates.iter().copied().map(Value::from).collect());
        any(state, self.states.iter().cloned().map(Value::from).collect());
        (sql, parameters)
    }
}

/// How many task instances match.
pub(crate) fn count(connection: &Connection, filter: &Filter) -> Result<i64, StoreError> {
    let (condition, parameters) = filter.condition("task_instance.state");
    let sql = format!("SELECT count(*) FROM task_instance JOIN dag_run USING (dag_id, run_id) WHERE {condition}");
    Ok(connection.prepare(&sql)?.query_row(params_from_iter(parameters), |row| row.get(0))?)
}

/// How many Dag runs match.
pub(crate) fn count_runs(connection: &Connection, filter: &Filter) -> Result<i64, StoreError> {
    let (condition, parameters) = filter.condition("state");
    let sql = format!("SELECT count(*) FROM dag_run WHERE {condition}");
    Ok(connection.prepare(&sql)?.query_row(params_from_iter(parameters), |row| row.get(0))?)
}

/// The states by run, then by task (`task_index` for a mapped one).
pub(crate) type States = BTreeMap<String, BTreeMap<String, Option<String>>>;

/// The states of the task instances that match.
pub(crate) fn states(connection: &Connection, filter: &Filter) -> Result<States, StoreError> {
    let (condition, parameters) = filter.condition("task_instance.state");
    let sql = format!(
        "SELECT run_id, task_id, map_index, task_instance.state
         FROM task_instance JOIN dag_run USING (dag_id, run_id) WHERE {condition}"
    );
    let mut states = States::new();
    let mut select = connection.prepare(&sql)?;
    let mut rows = select.query(params_from_iter(parameters))?;
    while let Some(row) = rows.next()? {
        let (task, map_index): (String, i64) = (row.get(1)?, row.get(2)?);
        let name = if map_index < 0 { task } else { format!("{task}_{map_index}") };
        states.entry(row.get(0)?).or_default().insert(name, row.get(3)?);
    }
    Ok(states)
}

/// A task instance of an earlier run.
#[derive(Serialize)]
pub(crate) struct Previous {
    task_id: String,
    dag_id: String,
    run_id: String,
    logical_date: Option<String>,
    start_date: Option<String>,
    end_date: Option<String>,
    state: Option<String>,
    try_number: i64,
    map_index: i64,
    duration: Option<f64>,
}

/// What "previous" means.
pub(crate) struct Before {
    pub(crate) dag_id: String,
    pub(crate) task_id: String,
    pub(crate) map_index: i64,
    /// Milliseconds; `None` is no bound.
    pub(crate) logical_date: Option<i64>,
    pub(crate) state: Option<String>,
}

/// The newest instance by logical date, before a date where one is given.
pub(crate) fn previous(connection: &Connection, before: &Before) -> Result<Option<Previous>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT task_id, dag_id, run_id, logical_date, task_instance.start_date, task_instance.end_date, task_instance.state, try_number,
                map_index
         FROM task_instance JOIN dag_run USING (dag_id, run_id)
         WHERE dag_id = ?1 AND task_id = ?2 AND map_index = ?3 AND (?4 IS NULL OR logical_date < ?4)
           AND (?5 IS NULL OR task_instance.state = ?5)
         ORDER BY logical_date DESC LIMIT 1",
    )?;
    let read = |row: &Row<'_>| {
        let (start, end): (Option<i64>, Option<i64>) = (row.get(4)?, row.get(5)?);
        #[expect(clippy::cast_precision_loss, reason = "seconds to show")]
        let duration = start.zip(end).map(|(start, end)| (end - start) as f64 / 1_000.0);
        Ok(Previous {
            task_id: row.get(0)?,
            dag_id: row.get(1)?,
            run_id: row.get(2)?,
            logical_date: row.get::<_, Option<i64>>(3)?.map(time::text),
            start_date: start.map(time::text),
            end_date: end.map(time::text),
            state: row.get(6)?,
            try_number: row.get(7)?,
            map_index: row.get(8)?,
            duration,
        })
    };
    let Before { dag_id, task_id, map_index, logical_date, state } = before;
    Ok(select.query_row(params![dag_id, task_id, map_index, logical_date, state], read).optional()?)
}

/// Whether a task instance of this id is known.
pub(crate) fn exists(connection: &Connection, id: &str) -> Result<bool, StoreError> {
    let mut select = connection.prepare_cached("SELECT 1 FROM task_instance WHERE id = ?1")?;
    Ok(select.exists([id])?)
}
