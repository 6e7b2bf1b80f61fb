//! States of task instances, by the grant `states`.
//!
//! ```no_run
//! # use trigger_host_sdk::{task_instances, Result};
//! # fn example() -> Result<()> {
//! let done = task_instances::of_dag("sales").run("scheduled__2026-01-01").task("load").count(&["success"])?;
//! # let _ = done; Ok(()) }
//! ```

use super::Error;
use crate::bindings::trigger_host::host::task_instances as wit;
use crate::platform::task_instances as host;

/// Which task instances are meant. What is not said does not restrict.
#[derive(Debug, Clone)]
#[must_use = "a query does nothing until it is asked for `count` or `states`"]
pub struct Query(wit::Query);

/// A task instance and its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskState {
    /// Id of its Dag run.
    pub run_id: String,
    /// Id of its task, with `_` and the map index behind it where it is mapped.
    pub task: String,
    /// None when it has none yet.
    pub state: Option<String>,
}

/// Those of the trigger's own Dag.
pub const fn of_own_dag() -> Query {
    Query(wit::Query {
        dag_id: None,
        run_ids: Vec::new(),
        task_ids: Vec::new(),
        task_group_id: None,
        logical_dates: Vec::new(),
        map_index: None,
    })
}

/// Those of this Dag.
pub fn of_dag(dag_id: impl Into<String>) -> Query {
    let mut query = of_own_dag();
    query.0.dag_id = Some(dag_id.into());
    query
}

impl Query {
    /// Only this run, or one of several.
    pub fn run(mut self, run_id: impl Into<String>) -> Self {
        self.0.run_ids.push(run_id.into());
        self
    }

    /// Only this task, or one of several.
    pub fn task(mut self, task_id: impl Into<String>) -> Self {
        self.0.task_ids.push(task_id.into());
        self
    }

    /// Only the tasks of this group.
    pub fn group(mut self, task_group_id: impl Into<String>) -> Self {
        self.0.task_group_id = Some(task_group_id.into());
        self
    }

    /// Only runs with this logical date, or one of several: a [`DateTime`](crate::DateTime), or RFC 3339 text with an
    /// offset.
    pub fn logical_date(mut self, date: impl ToString) -> Self {
        self.0.logical_dates.push(date.to_string());
        self
    }

    /// Only this mapped instance.
    pub const fn mapped(mut self, map_index: i32) -> Self {
        self.0.map_index = Some(map_index);
        self
    }

    /// How many there are in any of these states, of which `null` means none yet; in any state when the list is empty.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn count(&self, states: &[&str]) -> Result<u64, Error> {
        let states: Vec<String> = states.iter().map(|state| (*state).to_owned()).collect();
        Ok(host::count(&self.0, &states)?)
    }

    /// All of them.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn states(&self) -> Result<Vec<TaskState>, Error> {
        let states = host::states(&self.0)?.into_iter();
        Ok(states.map(|one| TaskState { run_id: one.run_id, task: one.task, state: one.state }).collect())
    }
}

/// An earlier task instance. Times are RFC 3339.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviousTask {
    /// Id of its Dag run.
    pub run_id: String,
    /// None when it has none yet.
    pub state: Option<String>,
    /// From 1.
    pub try_number: Option<u32>,
    /// -1 when it is not mapped.
    pub map_index: Option<i32>,
    /// Of its Dag run.
    pub logical_date: Option<String>,
    /// When it began to run.
    pub start_date: Option<String>,
    /// When it ended.
    pub end_date: Option<String>,
}

/// Looks for an earlier task instance.
#[derive(Debug, Clone)]
#[must_use = "nothing is looked for before `find`"]
pub struct Previous {
    dag_id: Option<String>,
    task_id: String,
    before: Option<String>,
    map_index: Option<i32>,
    state: Option<String>,
}

/// The latest instance of this task of the trigger's own Dag.
pub fn previous(task_id: impl Into<String>) -> Previous {
    Previous { dag_id: None, task_id: task_id.into(), before: None, map_index: None, state: None }
}

impl Previous {
    /// Of another Dag.
    pub fn of_dag(mut self, dag_id: impl Into<String>) -> Self {
        self.dag_id = Some(dag_id.into());
        self
    }

    /// Only in a run before this logical date: a [`DateTime`](crate::DateTime), or RFC 3339 text with an offset.
    pub fn before(mut self, date: impl ToString) -> Self {
        self.before = Some(date.to_string());
        self
    }

    /// Only this mapped instance.
    pub const fn mapped(mut self, map_index: i32) -> Self {
        self.map_index = Some(map_index);
        self
    }

    /// Only in this state.
    pub fn state(mut self, state: impl Into<String>) -> Self {
        self.state = Some(state.into());
        self
    }

    /// Looks for it.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn find(&self) -> Result<Option<PreviousTask>, Error> {
        let found = host::previous(
            self.dag_id.as_deref(),
            &self.task_id,
            self.before.as_deref(),
            self.map_index,
            self.state.as_deref(),
        )?;
        Ok(found.map(|found| PreviousTask {
            run_id: found.run_id,
            state: found.state,
            try_number: found.try_number,
            map_index: found.map_index,
            logical_date: found.logical_date,
            start_date: found.start_date,
            end_date: found.end_date,
        }))
    }
}
