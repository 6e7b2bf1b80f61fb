//! XComs of the trigger's own Dag run.

use encodings::payload_to_wire;
use trigger_host_types::TriggerKind;
use trigger_host_types::airflow::{Error, XcomDelete, XcomGet, XcomSet};

use crate::asker::Asker;
use crate::failure::{read_api_error, read_stored, refuse_value};
use crate::grants::{Access, allow_access};
use crate::question::{Question, Turn};

const KEY: &str = "xcom";

impl Question for XcomGet {
    fn allow(&self, asker: &Asker) -> Result<(), Error> {
        allow_access(asker.grants.xcom, Access::Read, KEY)
    }

    async fn put(self, turn: &Turn<'_>) -> Result<String, Error> {
        read_stored(turn.airflow.xcom(turn.asker.scope.xcom(&self.place)?, false).await)
    }
}

impl Question for XcomSet {
    fn allow(&self, asker: &Asker) -> Result<(), Error> {
        allow_access(asker.grants.xcom, Access::ReadWrite, KEY)
    }

    async fn put(self, turn: &Turn<'_>) -> Result<(), Error> {
        let value = payload_to_wire(&self.value, TriggerKind::Task).map_err(|error| refuse_value(&error))?;
        let place = turn.asker.scope.xcom(&self.place)?;
        turn.airflow.set_xcom(place, &value).await.map_err(read_api_error)
    }
}

impl Question for XcomDelete {
    fn allow(&self, asker: &Asker) -> Result<(), Error> {
        allow_access(asker.grants.xcom, Access::ReadWrite, KEY)
    }

    async fn put(self, turn: &Turn<'_>) -> Result<(), Error> {
        turn.airflow.delete_xcom(turn.asker.scope.xcom(&self.place)?).await.map_err(read_api_error)
    }
}
