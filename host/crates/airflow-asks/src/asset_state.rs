//! The state store of the assets that the trigger watches.

use encodings::payload_to_wire;
use execution_api::AssetRef;
use trigger_host_types::TriggerKind;
use trigger_host_types::airflow::{Asset, AssetStateClear, AssetStateDelete, AssetStateGet, AssetStateSet, Error};

use crate::asker::Asker;
use crate::failure::{read_api_error, read_stored, refuse_value};
use crate::grants::{Access, allow_access};
use crate::question::{Question, Turn};

const KEY: &str = "asset-state";

impl Question for AssetStateGet {
    fn allow(&self, asker: &Asker) -> Result<(), Error> {
        allow_access(asker.grants.asset_state, Access::Read, KEY)
    }

    async fn put(self, turn: &Turn<'_>) -> Result<String, Error> {
        read_stored(turn.airflow.asset_state(find(turn, &self.asset)?, &self.key).await)
    }
}

impl Question for AssetStateSet {
    fn allow(&self, asker: &Asker) -> Result<(), Error> {
        allow_access(asker.grants.asset_state, Access::ReadWrite, KEY)
    }

    async fn put(self, turn: &Turn<'_>) -> Result<(), Error> {
        // Plain JSON, as an event of a watcher is.
        let value = payload_to_wire(&self.value, TriggerKind::Asset).map_err(|error| refuse_value(&error))?;
        turn.airflow.set_asset_state(find(turn, &self.asset)?, &self.key, &value).await.map_err(read_api_error)
    }
}

impl Question for AssetStateDelete {
    fn allow(&self, asker: &Asker) -> Result<(), Error> {
        allow_access(asker.grants.asset_state, Access::ReadWrite, KEY)
    }

    async fn put(self, turn: &Turn<'_>) -> Result<(), Error> {
        turn.airflow.delete_asset_state(find(turn, &self.asset)?, &self.key).await.map_err(read_api_error)
    }
}

impl Question for AssetStateClear {
    fn allow(&self, asker: &Asker) -> Result<(), Error> {
        allow_access(asker.grants.asset_state, Access::ReadWrite, KEY)
    }

    async fn put(self, turn: &Turn<'_>) -> Result<(), Error> {
        turn.airflow.clear_asset_state(find(turn, &self.asset)?).await.map_err(read_api_error)
    }
}

/// The asset, if the trigger watches it.
fn find<'a>(turn: &'a Turn<'_>, asset: &Asset) -> Result<AssetRef<'a>, Error> {
    turn.asker.scope.asset(asset).map(AssetRef::Name)
}
