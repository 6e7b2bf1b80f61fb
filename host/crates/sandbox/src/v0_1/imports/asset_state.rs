//! `trigger-host:host/asset-state`.

use trigger_host_types::airflow::{Asset, Request};

use super::{Given, done, text, to_guest};
use crate::state::State;
use crate::v0_1::bindings::trigger_host::host::asset_state as wit;

impl wit::Host for State {
    async fn get(&mut self, asset: wit::Asset, key: String) -> Given<String> {
        to_guest(self.ask(Request::AssetStateGet { asset: from_guest(asset), key }, text).await)
    }

    async fn set(&mut self, asset: wit::Asset, key: String, value: String) -> Given<()> {
        to_guest(self.ask(Request::AssetStateSet { asset: from_guest(asset), key, value }, done).await)
    }

    async fn delete(&mut self, asset: wit::Asset, key: String) -> Given<()> {
        to_guest(self.ask(Request::AssetStateDelete { asset: from_guest(asset), key }, done).await)
    }

    async fn clear(&mut self, asset: wit::Asset) -> Given<()> {
        to_guest(self.ask(Request::AssetStateClear { asset: from_guest(asset) }, done).await)
    }
}

fn from_guest(asset: wit::Asset) -> Asset {
    match asset {
        wit::Asset::Name(name) => Asset::Name(name),
        wit::Asset::Uri(uri) => Asset::Uri(uri),
    }
}
