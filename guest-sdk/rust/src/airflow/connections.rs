//! What a connection points to, by the grant `connections = ["id"]`. Its secrets stay with the host, which adds them to a request that names the
//! connection.

use super::Error;
use crate::platform::connections as host;

/// The part of a connection that is no secret.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConnectionDescription {
    /// `http`, `postgres`, …
    pub conn_type: String,
    /// A name or an address, several with commas between; of a URL scheme, host and port. None where that cannot be told from a secret.
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
