//! Airflow's variables, by the grant `variables = { read = [..], write = [..] }`.

use super::{Error, found};
use crate::platform::variables as host;

/// Some keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// At most as many as were asked for, in the server's order.
    pub keys: Vec<String>,
    /// How many there are in all.
    pub total: u64,
}

/// The value; `None` when there is no such variable.
///
/// # Errors
/// See [`Error`].
pub fn get(key: &str) -> Result<Option<String>, Error> {
    found(host::get(key))
}

/// Keys that begin with `prefix`, all of which the grant must allow. `limit` is 1 to 10,000.
///
/// # Errors
/// See [`Error`].
pub fn keys(prefix: &str, limit: u32, offset: u64) -> Result<Page, Error> {
    let page = host::keys(prefix, limit, offset)?;
    Ok(Page { keys: page.keys, total: page.total })
}

/// Creates or replaces a variable; its description goes.
///
/// # Errors
/// See [`Error`].
pub fn put(key: &str, value: &str) -> Result<(), Error> {
    Ok(host::put(key, value, None)?)
}

/// Creates or replaces a variable and says what it is for.
///
/// # Errors
/// See [`Error`].
pub fn put_described(key: &str, value: &str, description: &str) -> Result<(), Error> {
    Ok(host::put(key, value, Some(description))?)
}

/// Removes a variable; fine when there is none.
///
/// # Errors
/// See [`Error`].
pub fn delete(key: &str) -> Result<(), Error> {
    Ok(host::delete(key)?)
}
