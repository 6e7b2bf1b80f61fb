//! What a connection points to, by the grant `connections = ["id"]`, and settings in its extra, by the grant
//! `connections = { extras = { id = ["region_name"] } }`. Its secrets stay with the host, which adds them to a request
//! that names the connection.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

use super::{Error, read};
use crate::platform::connections as host;

/// The part of a connection that is not secret.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConnectionDescription {
    /// `http`, `postgres`, …
    pub conn_type: String,
    /// A name or an address, several with commas between; of a URL, scheme, host and port. None where it cannot be kept
    /// apart from a secret.
    pub host: Option<String>,
    /// TCP port.
    pub port: Option<u16>,
    /// Scheme or database, depending on the type; only a plain name.
    pub schema: Option<String>,
}

/// Describes a connection.
///
/// # Errors
/// [`Error::NotFound`] when there is none; see [`Error`].
pub fn describe(id: &str) -> Result<ConnectionDescription, Error> {
    let found = host::describe(id)?;
    Ok(ConnectionDescription { conn_type: found.conn_type, host: found.host, port: found.port, schema: found.schema })
}

/// Settings of a connection: the keys of its extra that the grant lists.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Extras(BTreeMap<String, String>);

impl Extras {
    /// The value of this key; `None` when the connection does not have it, or the grant does not list it.
    ///
    /// # Errors
    /// A value of another shape.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Error> {
        self.0.get(key).map(|text| read("connection's setting", text)).transpose()
    }

    /// The keys that are there.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// Reads the settings of a connection that the grant lists.
///
/// # Errors
/// [`Error::NotFound`] when there is no such connection; [`Error::NotGranted`] also where a setting may hold a secret;
/// see [`Error`].
pub fn extras(id: &str) -> Result<Extras, Error> {
    Ok(Extras(host::extras(id)?.into_iter().map(|extra| (extra.key, extra.value)).collect()))
}
