//! `trigger-host:host/dag-runs`.

use trigger_host_types::airflow::{DagRunCount, DagRunQuery, DagRunState};

use super::{Given, to_guest};
use crate::state::State;
use crate::v0_1::bindings::trigger_host::host::dag_runs as wit;

impl wit::Host for State {
    async fn state(&mut self, dag_id: Option<String>, run_id: Option<String>) -> Given<String> {
        to_guest(self.ask(DagRunState { dag_id, run_id }).await)
    }

    async fn count(&mut self, query: wit::Query) -> Given<u64> {
        let query = DagRunQuery {
            dag_id: query.dag_id,
            run_ids: query.run_ids,
            logical_dates: query.logical_dates,
            states: query.states,
        };
        to_guest(self.ask(DagRunCount { query }).await)
    }
}
