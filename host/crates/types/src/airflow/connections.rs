//! `connections`: what a connection points to. Never what is secret in it: that is a [`Connection`](crate::Connection), which no type here
//! can be made of or turned into.

use super::check::{MOST_ID, check_text};
use super::{Ask, Error};
use crate::ConnId;

/// Reads what a connection points to.
pub struct ConnectionDescribe {
    /// Its id.
    pub id: ConnId,
}

/// The part of a connection that is not secret, as a guest may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionDescription {
    /// `http`, `postgres`, …
    pub conn_type: String,
    /// A name or an address, several with commas between; of a URL, scheme, host and port. Absent where it cannot be kept apart from a secret.
    pub host: Option<String>,
    /// TCP port.
    pub port: Option<u16>,
    /// Scheme or database, if it is a plain name.
    pub schema: Option<String>,
}

const INTERFACE: &str = "connections";

impl Ask for ConnectionDescribe {
    type Answer = ConnectionDescription;
    const INTERFACE: &'static str = INTERFACE;
    const NAME: &'static str = "connections.describe";

    fn check(&self) -> Result<(), Error> {
        check_text("id", self.id.as_str(), MOST_ID)
    }
}
