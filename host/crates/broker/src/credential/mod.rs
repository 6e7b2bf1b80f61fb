//! Credentials of connections: what the host adds to a request, and what must not come back with the answer.
//!
//! A guest names the connection of its grant; the connection is fetched, checked to be for the grant's origin, and turned into headers of that
//! one exchange. What it holds is registered for masking before it is used, and scrubbed from the answer. Invariants: nothing here prints;
//! a credential leaves for the origin of its grant alone; an error names the connection and a key, never a value.

mod connection;
mod mask;
mod scrub;
mod sigv4;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use trigger_host_types::http::{Error, Request};
use trigger_host_types::{ConnId, Connection, UnixMs};
use url::Url;

pub use mask::Mask;
pub(crate) use scrub::Scrubber;

use crate::origin::Origin;
use connection::Aws;

/// What one connection adds to requests.
pub(crate) enum Credential {
    /// These headers, as they are.
    Headers(Vec<(HeaderName, SecretString)>),
    /// A signature of the request.
    Aws(Aws),
}

impl Credential {
    /// Reads a connection for requests to `origin`; `secrets` gets what must not be seen.
    pub(crate) fn of(
        connection: &Connection,
        id: &ConnId,
        origin: &Origin,
        secrets: &mut Vec<SecretString>,
    ) -> Result<Self, Error> {
        connection::read(connection, origin, secrets).map_err(|what| Error::Other(format!("connection `{id}`: {what}")))
    }

    /// Adds itself to the headers of a checked request.
    ///
    /// # Errors
    /// The guest wrote one of its headers, or the request cannot be signed.
    pub(crate) fn add(&self, headers: &mut HeaderMap, request: &Request, url: &Url, now: UnixMs) -> Result<(), Error> {
        let own: Vec<HeaderName> = match self {
            Self::Headers(own) => own.iter().map(|(name, _)| name.clone()).collect(),
            Self::Aws(_) => sigv4::HEADERS.iter().copied().map(HeaderName::from_static).collect(),
        };
        let authorization = std::iter::once(reqwest::header::AUTHORIZATION);
        if let Some(name) = own.into_iter().chain(authorization).find(|name| headers.contains_key(name)) {
            return Err(Error::Invalid(format!("header `{name}` is reserved: the connection adds it")));
        }
        match self {
            Self::Headers(own) => {
                for (name, value) in own {
                    headers.insert(name.clone(), sensitive(value.expose_secret(), name)?);
                }
            }
            Self::Aws(aws) => {
                let service = aws.service_of(headers).map_err(|what| Error::Other(what.to_owned()))?;
                let body = request.body.as_deref().unwrap_or_default();
                let signing = sigv4::Signing { aws, service: &service, now };
                for (name, value) in signing.headers(&request.method, url, headers, body) {
                    let name = HeaderName::from_static(name);
                    let value = sensitive(&value, &name)?;
                    headers.insert(name, value);
                }
            }
        }
        Ok(())
    }
}

fn sensitive(value: &str, name: &HeaderName) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_str(value)
        .map_err(|_| Error::Other(format!("the connection's value for header `{name}` cannot be sent in a header")))?;
    value.set_sensitive(true);
    Ok(value)
}
