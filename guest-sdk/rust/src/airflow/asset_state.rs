//! The state store of the assets that the trigger watches, by the grant `asset-state = "read"` or
//! `asset-state = "read-write"`.
//!
//! What a watcher knows of its asset beyond its own life; what it needs to go on belongs in its checkpoint.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Error, found, read, write};
use crate::bindings::trigger_host::host::asset_state::Asset;
use crate::platform::asset_state as host;

/// The state store of one asset.
#[derive(Debug, Clone)]
pub struct AssetState(Asset);

/// That of the asset with this name.
pub fn named(name: impl Into<String>) -> AssetState {
    AssetState(Asset::Name(name.into()))
}

/// That of the asset with this URI.
pub fn at(uri: impl Into<String>) -> AssetState {
    AssetState(Asset::Uri(uri.into()))
}

impl AssetState {
    /// The value; `None` when there is none.
    ///
    /// # Errors
    /// See [`Error`]; also a value of another shape.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Error> {
        found(host::get(&self.0, key))?.map(|text| read("asset's state", &text)).transpose()
    }

    /// Creates or replaces it: plain JSON, and never null.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn set(&self, key: &str, value: &impl Serialize) -> Result<(), Error> {
        Ok(host::set(&self.0, key, &write("asset's state", value)?)?)
    }

    /// Removes it; fine when there is none.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn delete(&self, key: &str) -> Result<(), Error> {
        Ok(host::delete(&self.0, key)?)
    }

    /// Removes all of the asset's values.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn clear(&self) -> Result<(), Error> {
        Ok(host::clear(&self.0)?)
    }
}
