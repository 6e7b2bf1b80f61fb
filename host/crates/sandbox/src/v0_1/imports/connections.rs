//! `trigger-host:host/connections`.

use trigger_host_types::ConnId;
use trigger_host_types::airflow::{ConnectionDescribe, ConnectionDescription};

use super::{Given, to_guest};
use crate::state::State;
use crate::v0_1::bindings::trigger_host::host::connections as wit;

impl wit::Host for State {
    async fn describe(&mut self, id: String) -> Given<wit::Description> {
        let found = self.ask(ConnectionDescribe { id: ConnId::from(id) }).await?;
        to_guest(Ok(found.map(|found| {
            let ConnectionDescription { conn_type, host, port, schema } = found;
            wit::Description { conn_type, host, port, schema }
        })))
    }
}
