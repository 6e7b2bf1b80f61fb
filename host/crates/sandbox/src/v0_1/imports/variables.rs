//! `trigger-host:host/variables`.

use trigger_host_types::airflow::{KeyPage, VariableDelete, VariableGet, VariableKeys, VariablePut};

use super::{Given, to_guest};
use crate::state::State;
use crate::v0_1::bindings::trigger_host::host::variables as wit;

impl wit::Host for State {
    async fn get(&mut self, key: String) -> Given<String> {
        to_guest(self.ask(VariableGet { key }).await)
    }

    async fn keys(&mut self, prefix: String, limit: u32, offset: u64) -> Given<wit::Page> {
        let page = self.ask(VariableKeys { prefix, limit, offset }).await?;
        to_guest(Ok(page.map(|KeyPage { keys, total }| wit::Page { keys, total })))
    }

    async fn put(&mut self, key: String, value: String, description: Option<String>) -> Given<()> {
        to_guest(self.ask(VariablePut { key, value, description }).await)
    }

    async fn delete(&mut self, key: String) -> Given<()> {
        to_guest(self.ask(VariableDelete { key }).await)
    }
}
