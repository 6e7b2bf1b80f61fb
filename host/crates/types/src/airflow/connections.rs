//! `connections`: what a connection points to, and settings in it. Never what is secret in it: that is a
//! [`Connection`](crate::Connection), and there is no way from one to the other in this package.

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
    /// A name or an address, several with commas between; of a URL, scheme, host and port. Absent where it cannot be
    /// kept apart from a secret.
    pub host: Option<String>,
    /// TCP port.
    pub port: Option<u16>,
    /// Scheme or database, if it is a plain name.
    pub schema: Option<String>,
}

/// Reads the settings of a connection that the grant lists: keys of its extra, never a secret.
pub struct ConnectionExtras {
    /// Its id.
    pub id: ConnId,
}

/// One key of a connection's extra.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extra {
    /// The key.
    pub key: String,
    /// Neutral JSON.
    pub value: String,
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

impl Ask for ConnectionExtras {
    /// In the order of the grant; without the keys that the connection does not have.
    type Answer = Vec<Extra>;
    const INTERFACE: &'static str = INTERFACE;
    const NAME: &'static str = "connections.extras";

    fn check(&self) -> Result<(), Error> {
        check_text("id", self.id.as_str(), MOST_ID)
    }

    fn count_bytes(answer: &Vec<Extra>) -> usize {
        answer.iter().map(|extra| extra.key.len() + extra.value.len()).sum()
    }
}
