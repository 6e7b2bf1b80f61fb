//! `trigger-host:host/connections`.

use trigger_host_types::ConnId;
use trigger_host_types::airflow::{ConnectionDescribe, ConnectionDescription, ConnectionExtras, Extra};

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

    async fn extras(&mut self, id: String) -> Given<Vec<wit::Extra>> {
        let extras = self.ask(ConnectionExtras { id: ConnId::from(id) }).await?;
        let extra = |Extra { key, value }| wit::Extra { key, value };
        to_guest(Ok(extras.map(|extras| extras.into_iter().map(extra).collect())))
    }
}
