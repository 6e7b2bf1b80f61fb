//! `trigger-host:host/xcoms`.

use trigger_host_types::airflow::{Request, XcomPlace};

use super::{Given, done, text};
use crate::bindings::trigger_host::host::xcoms as wit;
use crate::state::State;

impl wit::Host for State {
    async fn get(&mut self, place: wit::Place) -> Given<String> {
        self.ask(Request::XcomGet { place: from_guest(place) }, text).await
    }

    async fn set(&mut self, place: wit::Place, value: String) -> Given<()> {
        self.ask(Request::XcomSet { place: from_guest(place), value }, done).await
    }

    async fn delete(&mut self, place: wit::Place) -> Given<()> {
        self.ask(Request::XcomDelete { place: from_guest(place) }, done).await
    }
}

fn from_guest(place: wit::Place) -> XcomPlace {
    XcomPlace { task_id: place.task_id, key: place.key, map_index: place.map_index }
}
