//! `trigger-host:host/variables`.

use trigger_host_types::airflow::{Answer, Request};

use super::{Given, done, text, to_guest};
use crate::state::State;
use crate::v0_1::bindings::trigger_host::host::variables as wit;

impl wit::Host for State {
    async fn get(&mut self, key: String) -> Given<String> {
        to_guest(self.ask(Request::VariableGet { key }, text).await)
    }

    async fn keys(&mut self, prefix: String, limit: u32, offset: u64) -> Given<wit::Page> {
        let page = |answer| match answer {
            Answer::Keys { keys, total } => Some(wit::Page { keys, total }),
            _ => None,
        };
        to_guest(self.ask(Request::VariableKeys { prefix, limit, offset }, page).await)
    }

    async fn put(&mut self, key: String, value: String, description: Option<String>) -> Given<()> {
        to_guest(self.ask(Request::VariablePut { key, value, description }, done).await)
    }

    async fn delete(&mut self, key: String) -> Given<()> {
        to_guest(self.ask(Request::VariableDelete { key }, done).await)
    }
}
