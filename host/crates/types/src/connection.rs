//! An Airflow connection, between whoever fetches it (from Airflow, or from a file for development) and whoever uses
//! it.
//!
//! Owns the shape alone. Invariant: nothing here prints; what a connection holds is for the broker and the host's own
//! sources, never for a guest.

use async_trait::async_trait;
use secrecy::SecretString;

use crate::ConnId;

/// A connection, as Airflow stores it. All of it may be secret, so it can be neither printed nor serialized. What a
/// guest may see of one is a [`ConnectionDescription`](crate::airflow::ConnectionDescription).
///
/// ```compile_fail
/// fn print(_: impl std::fmt::Debug) {}
/// print(trigger_host_types::Connection::default());
/// ```
///
/// ```compile_fail
/// fn write(_: impl serde::Serialize) {}
/// write(trigger_host_types::Connection::default());
/// ```
///
/// ```compile_fail
/// let _: trigger_host_types::airflow::ConnectionDescription = trigger_host_types::Connection::default().into();
/// ```
#[derive(Clone, Default)]
pub struct Connection {
    /// `http`, `aws`, `kafka`, …
    pub conn_type: String,
    /// A name or an address; some types put a URL here.
    pub host: Option<String>,
    /// TCP port.
    pub port: Option<u16>,
    /// User name, or the id of an access key.
    pub login: Option<String>,
    /// Password, token or secret access key.
    pub password: Option<SecretString>,
    /// Scheme or database, depending on the type.
    pub schema: Option<String>,
    /// The text of a JSON object.
    pub extra: Option<SecretString>,
}

/// Why there is no connection. The text may be shown to a guest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectionError {
    /// Airflow has none of that id, or not for this trigger.
    #[error("there is no connection `{0}` for this trigger: create it in Airflow, or ask for access to it")]
    Unknown(ConnId),
    /// It cannot be fetched just now.
    #[error("the connection `{0}` cannot be fetched at the moment")]
    Unavailable(ConnId),
    /// Airflow does not let the host fetch it.
    #[error("Airflow does not let the host fetch the connection `{0}`: the host's operator must look into it")]
    Refused(ConnId),
    /// It is not what a connection can be.
    #[error("the connection `{0}` cannot be used: {1}")]
    Unusable(ConnId, &'static str),
}

/// Fetches connections on behalf of one trigger. Answers within its own deadline, and keeps for a while what it
/// fetched: it is asked for each use.
#[async_trait]
pub trait Connections: Send + Sync {
    /// The connection of that id.
    ///
    /// # Errors
    /// There is none for this trigger, or it cannot be fetched now.
    async fn connection(&self, id: &ConnId) -> Result<Connection, ConnectionError>;
}
