//! `asset-state`: small values that Airflow keeps for an asset.

use super::check::{MOST_KEY, check_text, check_value};
use super::{Ask, Error};

/// Bytes of an asset's name or URI.
const MOST_ASSET: usize = 1_500;

/// An asset that the trigger watches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asset {
    /// By name.
    Name(String),
    /// By URI.
    Uri(String),
}

/// Reads a value kept for an asset.
pub struct AssetStateGet {
    /// Which asset.
    pub asset: Asset,
    /// The value's key.
    pub key: String,
}

/// Creates or replaces a value kept for an asset.
pub struct AssetStateSet {
    /// Which asset.
    pub asset: Asset,
    /// The value's key.
    pub key: String,
    /// Neutral JSON.
    pub value: String,
}

/// Removes a value kept for an asset.
pub struct AssetStateDelete {
    /// Which asset.
    pub asset: Asset,
    /// The value's key.
    pub key: String,
}

/// Removes all values kept for an asset.
pub struct AssetStateClear {
    /// Which asset.
    pub asset: Asset,
}

const INTERFACE: &str = "asset-state";

impl Ask for AssetStateGet {
    /// Neutral JSON.
    type Answer = String;
    const INTERFACE: &'static str = INTERFACE;
    const NAME: &'static str = "asset-state.get";

    fn check(&self) -> Result<(), Error> {
        check_asset(&self.asset)?;
        check_text("key", &self.key, MOST_KEY)
    }

    fn count_bytes(answer: &String) -> usize {
        answer.len()
    }
}

impl Ask for AssetStateSet {
    type Answer = ();
    const INTERFACE: &'static str = INTERFACE;
    const NAME: &'static str = "asset-state.set";

    fn check(&self) -> Result<(), Error> {
        check_asset(&self.asset)?;
        check_text("key", &self.key, MOST_KEY)?;
        check_value(&self.value)
    }
}

impl Ask for AssetStateDelete {
    type Answer = ();
    const INTERFACE: &'static str = INTERFACE;
    const NAME: &'static str = "asset-state.delete";

    fn check(&self) -> Result<(), Error> {
        check_asset(&self.asset)?;
        check_text("key", &self.key, MOST_KEY)
    }
}

impl Ask for AssetStateClear {
    type Answer = ();
    const INTERFACE: &'static str = INTERFACE;
    const NAME: &'static str = "asset-state.clear";

    fn check(&self) -> Result<(), Error> {
        check_asset(&self.asset)
    }
}

fn check_asset(asset: &Asset) -> Result<(), Error> {
    match asset {
        Asset::Name(name) => check_text("name", name, MOST_ASSET),
        Asset::Uri(uri) => check_text("uri", uri, MOST_ASSET),
    }
}
