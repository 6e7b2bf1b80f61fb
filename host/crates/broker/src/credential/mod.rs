//! Credentials of connections: what the host adds to a request, and what must not come back with the answer.
//!
//! A guest names the connection of its grant; the connection is fetched, checked to be for the grant's origin, and
//! turned into headers of that one exchange. What it holds is registered for masking before it is used, and scrubbed
//! from the answer. A further type of connection is a file and a row of [`KINDS`]. Invariants: nothing here prints; a
//! credential leaves for the origin of its grant alone; an error names the connection and a key, never a value.

mod aws;
mod http;
mod mask;
mod scrub;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};
use trigger_host_types::http::{Error, Request};
use trigger_host_types::{ConnId, Connection, UnixMs};
use url::Url;

pub use mask::Mask;
pub(crate) use scrub::Scrubber;

use crate::origin::Origin;

/// Every type of connection that can be used for a request.
const KINDS: [Kind; 2] = [http::KIND, aws::KIND];

/// A type of connection.
struct Kind {
    /// What Airflow calls it; the first one is the name to give.
    conn_types: &'static [&'static str],
    read: Read,
}

/// Reads a connection of one type; the list gets what must not be seen. The error says what is wrong with it.
type Read = fn(Lent<'_>, &mut Vec<SecretString>) -> Result<Box<dyn Authorize>, String>;

/// A connection, its extra, and the origin it is to be used for.
struct Lent<'a> {
    connection: &'a Connection,
    extra: Map<String, Value>,
    origin: &'a Origin,
}

/// A checked request, its headers so far, and when it leaves.
struct Outgoing<'a> {
    request: &'a Request,
    url: &'a Url,
    headers: &'a HeaderMap,
    now: UnixMs,
}

/// Writes what a connection adds to requests.
trait Authorize: Send + Sync {
    /// The headers it may write, which a guest may not.
    fn names(&self) -> Vec<HeaderName>;

    /// The headers of one request.
    ///
    /// # Errors
    /// The connection lacks what this request needs.
    fn headers(&self, outgoing: &Outgoing<'_>) -> Result<Vec<(HeaderName, SecretString)>, Error>;
}

/// What one connection adds to requests.
pub(crate) struct Credential(Box<dyn Authorize>);

impl Credential {
    /// Reads a connection for requests to `origin`; `secrets` gets what must not be seen.
    pub(crate) fn read(
        connection: &Connection,
        id: &ConnId,
        origin: &Origin,
        secrets: &mut Vec<SecretString>,
    ) -> Result<Self, Error> {
        let read = parse_extra(connection).and_then(|extra| {
            let conn_type = connection.conn_type.as_str();
            let kind = KINDS.iter().find(|kind| kind.conn_types.contains(&conn_type)).ok_or_else(unusable_type)?;
            (kind.read)(Lent { connection, extra, origin }, secrets)
        });
        read.map(Self).map_err(|what| Error::Other(format!("connection `{id}`: {what}")))
    }

    /// Adds itself to the headers of a checked request.
    ///
    /// # Errors
    /// The guest wrote one of its headers, or the request cannot be signed.
    pub(crate) fn add(&self, headers: &mut HeaderMap, request: &Request, url: &Url, now: UnixMs) -> Result<(), Error> {
        let mut reserved = self.0.names().into_iter().chain([AUTHORIZATION]);
        if let Some(name) = reserved.find(|name| headers.contains_key(name)) {
            return Err(Error::Invalid(format!("header `{name}` is reserved: the connection adds it")));
        }
        for (name, value) in self.0.headers(&Outgoing { request, url, headers, now })? {
            let value = sensitive(value.expose_secret(), &name)?;
            headers.insert(name, value);
        }
        Ok(())
    }
}

fn parse_extra(connection: &Connection) -> Result<Map<String, Value>, String> {
    match connection.extra.as_ref().map(|extra| extra.expose_secret().trim()) {
        None | Some("") => Ok(Map::new()),
        Some(text) => serde_json::from_str(text).map_err(|_| "its extra must be a JSON object".to_owned()),
    }
}

fn unusable_type() -> String {
    let types = KINDS.map(|kind| format!("`{}`", kind.conn_types[0])).join(" or ");
    format!("its type cannot be used for HTTP: give it the type {types}")
}

fn sensitive(value: &str, name: &HeaderName) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_str(value)
        .map_err(|_| Error::Other(format!("the connection's value for header `{name}` cannot be sent in a header")))?;
    value.set_sensitive(true);
    Ok(value)
}
