//! What connections point to: granted by id.

use trigger_host_types::airflow::{ConnectionDescribe, ConnectionDescription, Error};

use crate::asker::Asker;
use crate::describe::describe;
use crate::failure::read_api_error;
use crate::grants::refuse;
use crate::question::{Question, Turn};

impl Question for ConnectionDescribe {
    fn allow(&self, asker: &Asker) -> Result<(), Error> {
        let id = &self.id;
        if asker.grants.connections.contains(id) {
            return Ok(());
        }
        let what = format!("the connection `{id}` may not be described");
        Err(refuse(&what, &format!("connections = [\"{id}\"]")))
    }

    async fn put(self, turn: &Turn<'_>) -> Result<ConnectionDescription, Error> {
        describe(turn.airflow.connection(&self.id).await.map_err(read_api_error)?)
    }
}
