//! `trigger-host:host/connections`.

use trigger_host_types::ConnId;
use trigger_host_types::airflow::{Answer, Request};

use super::{Given, to_guest};
use crate::state::State;
use crate::v0_1::bindings::trigger_host::host::connections as wit;

impl wit::Host for State {
    async fn describe(&mut self, id: String) -> Given<wit::Description> {
        let description = |answer| match answer {
            Answer::Connection(found) => Some(wit::Description {
                conn_type: found.conn_type,
                host: found.host,
                port: found.port,
                schema: found.schema,
            }),
            _ => None,
        };
        to_guest(self.ask(Request::ConnectionDescribe { id: ConnId::from(id) }, description).await)
    }
}
