//! `trigger-host:host/asset-state`.

use trigger_host_types::airflow::{Asset, Request};

use super::{Given, done, text};
use crate::bindings::trigger_host::host::asset_state as wit;
use crate::state::State;

impl wit::Host for State {
    async fn get(&mut self, asset: wit::Asset, key: String) -> Given<String> {
        self.ask(Request::AssetStateGet { asset: from_guest(asset), key }, text).await
    }

    async fn set(&mut self, asset: wit::Asset, key: String, value: String) -> Given<()> {
        self.ask(Request::AssetStateSet { asset: from_guest(asset), key, value }, done).await
    }

    async fn delete(&mut self, asset: wit::Asset, key: String) -> Given<()> {
        self.ask(Request::AssetStateDelete { asset: from_guest(asset), key }, done).await
    }

    async fn clear(&mut self, asset: wit::Asset) -> Given<()> {
        self.ask(Request::AssetStateClear { asset: from_guest(asset) }, done).await
    }
}

fn from_guest(asset: wit::Asset) -> Asset {
    match asset {
        wit::Asset::Name(name) => Asset::Name(name),
        wit::Asset::Uri(uri) => Asset::Uri(uri),
    }
}
