//! `trigger-host:host/xcoms`.

use trigger_host_types::airflow::{XcomDelete, XcomGet, XcomPlace, XcomSet};

use super::{Given, to_guest};
use crate::state::State;
use crate::v0_1::bindings::trigger_host::host::xcoms as wit;

impl wit::Host for State {
    async fn get(&mut self, place: wit::Place) -> Given<String> {
        to_guest(self.ask(XcomGet { place: from_guest(place) }).await)
    }

    async fn set(&mut self, place: wit::Place, value: String) -> Given<()> {
        to_guest(self.ask(XcomSet { place: from_guest(place), value }).await)
    }

    async fn delete(&mut self, place: wit::Place) -> Given<()> {
        to_guest(self.ask(XcomDelete { place: from_guest(place) }).await)
    }
}

fn from_guest(place: wit::Place) -> XcomPlace {
    XcomPlace { task_id: place.task_id, key: place.key, map_index: place.map_index }
}
