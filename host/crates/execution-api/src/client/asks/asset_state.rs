//! The state store of assets: small values that a watcher keeps from one run to the next.

use serde_json::value::RawValue;

use super::AirflowAccess;
use crate::client::exchange::to_json;
use crate::error::ApiError;
use crate::wire::{AssetRef, ValueAnswer, ValueBody};

impl AirflowAccess {
    /// `GET store/asset/by-…/value`.
    ///
    /// # Errors
    /// [`ApiError::NotFound`] when there is no such asset or key.
    pub async fn asset_state(&self, asset: AssetRef<'_>, key: &str) -> Result<Box<RawValue>, ApiError> {
        let (by, name) = asset.into_parts();
        let answer: ValueAnswer =
            self.get(&["store", "asset", by, "value"], vec![name, ("key", key.to_owned())]).await?;
        Ok(answer.value)
    }

    /// `PUT store/asset/by-…/value`. `value` is plain, strict JSON: a number that is not finite would make every later
    /// read fail.
    ///
    /// # Errors
    /// [`ApiError::Unsendable`] for null, which the server refuses; [`ApiError::NotFound`] when there is no such asset.
    pub async fn set_asset_state(&self, asset: AssetRef<'_>, key: &str, value: &RawValue) -> Result<(), ApiError> {
        if value.get().trim() == "null" {
            return Err(ApiError::Unsendable { what: "a state value cannot be null; delete the key instead".into() });
        }
        let (by, name) = asset.into_parts();
        let query = vec![name, ("key", key.to_owned())];
        self.put(&["store", "asset", by, "value"], query, to_json(&ValueBody { value })?).await
    }

    /// `DELETE store/asset/by-…/value`.
    ///
    /// # Errors
    /// [`ApiError::NotFound`] when there is no such asset.
    pub async fn delete_asset_state(&self, asset: AssetRef<'_>, key: &str) -> Result<(), ApiError> {
        let (by, name) = asset.into_parts();
        self.delete(&["store", "asset", by, "value"], vec![name, ("key", key.to_owned())]).await
    }

    /// `DELETE store/asset/by-…/clear`: all keys of the asset.
    ///
    /// # Errors
    /// [`ApiError::NotFound`] when there is no such asset.
    pub async fn clear_asset_state(&self, asset: AssetRef<'_>) -> Result<(), ApiError> {
        let (by, name) = asset.into_parts();
        self.delete(&["store", "asset", by, "clear"], vec![name]).await
    }
}
