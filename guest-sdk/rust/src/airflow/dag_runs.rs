//! States of Dag runs, by the grant `states`.

use super::{Error, found};
use crate::bindings::trigger_host::host::dag_runs as wit;
use crate::platform::dag_runs as host;

/// The state of the trigger's own Dag run: `queued`, `running`, `success` or `failed`.
///
/// # Errors
/// See [`Error`].
pub fn own_state() -> Result<String, Error> {
    Ok(host::state(None, None)?)
}

/// The state of a Dag run; `None` when there is no such run.
///
/// # Errors
/// See [`Error`].
pub fn state(dag_id: &str, run_id: &str) -> Result<Option<String>, Error> {
    found(host::state(Some(dag_id), Some(run_id)))
}

/// Which Dag runs are meant. What is not said does not restrict.
#[derive(Debug, Clone)]
#[must_use = "a query does nothing until it is asked for `count`"]
pub struct Query(wit::Query);

/// Those of the trigger's own Dag.
pub const fn of_own_dag() -> Query {
    Query(wit::Query { dag_id: None, run_ids: Vec::new(), logical_dates: Vec::new(), states: Vec::new() })
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

    /// Only runs with this logical date, or one of several: a [`DateTime`](crate::DateTime), or RFC 3339 text with an
    /// offset.
    pub fn logical_date(mut self, date: impl ToString) -> Self {
        self.0.logical_dates.push(date.to_string());
        self
    }

    /// Only runs in this state, or one of several.
    pub fn state(mut self, state: impl Into<String>) -> Self {
        self.0.states.push(state.into());
        self
    }

    /// How many there are.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn count(&self) -> Result<u64, Error> {
        Ok(host::count(&self.0)?)
    }
}
