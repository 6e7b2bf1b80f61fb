//! States of Dag runs.

use execution_api::DagRunQuery as WireDagRunQuery;
use trigger_host_types::airflow::{DagRunCount, DagRunState, Error};

use crate::asker::Asker;
use crate::failure::read_api_error;
use crate::question::{Question, Turn};
use crate::states::{allow_dag, convert_dates};

impl Question for DagRunState {
    fn allow(&self, asker: &Asker) -> Result<(), Error> {
        allow_dag(self.dag_id.as_deref(), asker)
    }

    async fn put(self, turn: &Turn<'_>) -> Result<String, Error> {
        let (dag_id, run_id) = turn.asker.scope.run(self.dag_id, self.run_id)?;
        turn.airflow.dag_run_state(&dag_id, &run_id).await.map_err(read_api_error)
    }
}

impl Question for DagRunCount {
    fn allow(&self, asker: &Asker) -> Result<(), Error> {
        allow_dag(self.query.dag_id.as_deref(), asker)
    }

    async fn put(self, turn: &Turn<'_>) -> Result<u64, Error> {
        let query = WireDagRunQuery {
            dag_id: turn.asker.scope.dag_id(self.query.dag_id)?,
            run_ids: self.query.run_ids,
            logical_dates: convert_dates(&self.query.logical_dates)?,
            states: self.query.states,
        };
        turn.airflow.dag_run_count(&query).await.map_err(read_api_error)
    }
}
