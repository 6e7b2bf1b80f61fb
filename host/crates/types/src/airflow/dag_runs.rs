//! `dag-runs`: how many there are, and in what state.

use super::check::{MOST_ID, MOST_WORD, check_list, check_optional};
use super::{Ask, Error};

/// Which Dag runs are meant. Empty lists do not restrict.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DagRunQuery {
    /// The Dag; the trigger's own one when absent.
    pub dag_id: Option<String>,
    /// Only these runs.
    pub run_ids: Vec<String>,
    /// Only runs with these logical dates, RFC 3339.
    pub logical_dates: Vec<String>,
    /// Only runs in these states.
    pub states: Vec<String>,
}

/// Reads the state of a Dag run.
pub struct DagRunState {
    /// The Dag; the trigger's own one when absent.
    pub dag_id: Option<String>,
    /// The run; the trigger's own one when both are absent.
    pub run_id: Option<String>,
}

/// Counts Dag runs.
pub struct DagRunCount {
    /// Which are meant.
    pub query: DagRunQuery,
}

const INTERFACE: &str = "dag-runs";

impl Ask for DagRunState {
    type Answer = String;
    const INTERFACE: &'static str = INTERFACE;
    const NAME: &'static str = "dag-runs.state";

    fn check(&self) -> Result<(), Error> {
        check_optional("dag-id", self.dag_id.as_ref(), MOST_ID)?;
        check_optional("run-id", self.run_id.as_ref(), MOST_ID)
    }

    fn count_bytes(answer: &String) -> usize {
        answer.len()
    }
}

impl Ask for DagRunCount {
    type Answer = u64;
    const INTERFACE: &'static str = INTERFACE;
    const NAME: &'static str = "dag-runs.count";

    fn check(&self) -> Result<(), Error> {
        let DagRunQuery { dag_id, run_ids, logical_dates, states } = &self.query;
        check_optional("dag-id", dag_id.as_ref(), MOST_ID)?;
        check_list("run-ids", run_ids, MOST_ID)?;
        check_list("logical-dates", logical_dates, MOST_WORD)?;
        check_list("states", states, MOST_WORD)
    }
}
