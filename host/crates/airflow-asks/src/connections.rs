//! What connections point to, granted by id; and settings in them, granted by id and key.

use trigger_host_types::airflow::{ConnectionDescribe, ConnectionDescription, ConnectionExtras, Error, Extra};

use crate::asker::Asker;
use crate::describe::describe;
use crate::extras::choose;
use crate::failure::read_api_error;
use crate::grants::refuse;
use crate::question::{Question, Turn};

impl Question for ConnectionDescribe {
    fn allow(&self, asker: &Asker) -> Result<(), Error> {
        let id = &self.id;
        if asker.grants.connections_describe.contains(id) {
            return Ok(());
        }
        let what = format!("the connection `{id}` may not be described");
        Err(refuse(&what, &format!("connections = [\"{id}\"]")))
    }

    async fn put(self, turn: &Turn<'_>) -> Result<ConnectionDescription, Error> {
        describe(turn.airflow.connection(&self.id).await.map_err(read_api_error)?)
    }
}

impl Question for ConnectionExtras {
    fn allow(&self, asker: &Asker) -> Result<(), Error> {
        let id = &self.id;
        if asker.grants.connections_extras.contains_key(id) {
            return Ok(());
        }
        let what = format!("no key of the extra of the connection `{id}` may be read");
        Err(refuse(&what, &format!("connections = {{ extras = {{ \"{id}\" = [...] }} }}")))
    }

    async fn put(self, turn: &Turn<'_>) -> Result<Vec<Extra>, Error> {
        let keys = turn.asker.grants.connections_extras.get(&self.id).map(Vec::as_slice).unwrap_or_default();
        choose(&turn.airflow.connection(&self.id).await.map_err(read_api_error)?, keys)
    }
}
