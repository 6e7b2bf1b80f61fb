//! `trigger-host:host/asset-state`.

use trigger_host_types::airflow::{Asset, AssetStateClear, AssetStateDelete, AssetStateGet, AssetStateSet};

use super::{Given, to_guest};
use crate::state::State;
use crate::v0_1::bindings::trigger_host::host::asset_state as wit;

impl wit::Host for State {
    async fn get(&mut self, asset: wit::Asset, key: String) -> Given<String> {
        to_guest(self.ask(AssetStateGet { asset: from_guest(asset), key }).await)
    }

    async fn set(&mut self, asset: wit::Asset, key: String, value: String) -> Given<()> {
        to_guest(self.ask(AssetStateSet { asset: from_guest(asset), key, value }).await)
    }

    async fn delete(&mut self, asset: wit::Asset, key: String) -> Given<()> {
        to_guest(self.ask(AssetStateDelete { asset: from_guest(asset), key }).await)
    }

    async fn clear(&mut self, asset: wit::Asset) -> Given<()> {
        to_guest(self.ask(AssetStateClear { asset: from_guest(asset) }).await)
    }
}

fn from_guest(asset: wit::Asset) -> Asset {
    match asset {
        wit::Asset::Name(name) => Asset::Name(name),
        wit::Asset::Uri(uri) => Asset::Uri(uri),
    }
}
