//! A grant: what one trigger class may send, where, and how much at once.
//!
//! Owns the checks of a grant's own values. Invariant: a grant that exists is usable; everything an operator may have
//! got wrong is a typed error of [`HttpGrant::new`] that names the key.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use trigger_host_types::ConnId;

use crate::address::is_public;
use crate::origin::{Origin, OriginError};
use crate::path::{PathPattern, PatternError};

/// One HTTP grant. Clones share the places in flight.
#[derive(Debug, Clone)]
pub struct HttpGrant {
    /// The origin that requests may go to.
    pub origin: Origin,
    /// Upper-case methods; never empty.
    pub methods: Vec<String>,
    /// Which paths; empty means all.
    pub paths: Vec<PathPattern>,
    /// The connection whose credential a request may name.
    pub connection: Option<ConnId>,
    /// Whether addresses that are not public (private, loopback, link local, …) may be dialled.
    pub private: bool,
    /// Largest answer in bytes, decoded.
    pub max_response: u64,
    /// Largest request body in bytes.
    pub max_request: u64,
    /// The longest a whole exchange may take, waiting for a place included.
    pub timeout: Duration,
    /// Exchanges at once, over all triggers of the class.
    pub max_in_flight: usize,
    pub(crate) places: Arc<Semaphore>,
}

/// A grant as it is written in a catalog. Absent values take the defaults of the constants of [`HttpGrant`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GrantParts {
    /// `https://host`, `http://host:port`, or `http://127.0.0.1:*`.
    pub origin: String,
    /// Upper-case methods: `GET`, `POST`, …
    pub methods: Vec<String>,
    /// Patterns; absent means all paths. An empty list is an error: it reads as "none".
    pub paths: Option<Vec<String>>,
    /// Id of an Airflow connection.
    pub connection: Option<String>,
    /// Whether addresses that are not public may be dialled.
    pub private: bool,
    /// Largest answer, in bytes.
    pub max_response: Option<u64>,
    /// Largest request body, in bytes.
    pub max_request: Option<u64>,
    /// For a whole exchange.
    pub timeout: Option<Duration>,
    /// Exchanges at once.
    pub max_in_flight: Option<usize>,
}

/// What is wrong with a grant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// `origin` is not one.
    #[error(transparent)]
    Origin(#[from] OriginError),
    /// `origin` is an address that `private` does not allow.
    #[error("`{0}` is not a public address: add `private = true` to reach it")]
    NotPublic(Origin),
    /// `methods` is empty.
    #[error("no method is granted: list the methods, such as [\"GET\"]")]
    NoMethod,
    /// One of `methods` cannot be granted.
    #[error("`{0}` cannot be granted: write a method in upper case, such as \"GET\" (CONNECT and TRACE never)")]
    Method(String),
    /// `paths` is empty.
    #[error("the list is empty: leave `paths` out to grant all paths of the origin")]
    NoPath,
    /// One of `paths` is not a pattern.
    #[error(transparent)]
    Path(#[from] PatternError),
    /// `connection` is empty.
    #[error("the connection id is empty")]
    Connection,
    /// A number outside its range.
    #[error("{value} is out of range: it must be {least} to {most}")]
    Range {
        /// The key of the grant.
        key: &'static str,
        /// The value that was given.
        value: u128,
        /// The smallest value allowed.
        least: u128,
        /// The largest value allowed.
        most: u128,
    },
}

impl GrantError {
    /// The key of the grant that is wrong.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Origin(_) | Self::NotPublic(_) => "origin",
            Self::NoMethod | Self::Method(_) => "methods",
            Self::NoPath | Self::Path(_) => "paths",
            Self::Connection => "connection",
            Self::Range { key, .. } => key,
        }
    }
}

impl HttpGrant {
    /// Default of `max_response`: 1 MiB.
    pub const MAX_RESPONSE: u64 = 1 << 20;
    /// Default of `max_request`: 256 KiB.
    pub const MAX_REQUEST: u64 = 256 << 10;
    /// Default of `timeout`: less than a call's own 30 s, so that the guest gets the error and not the end of its call.
    pub const TIMEOUT: Duration = Duration::from_secs(20);
    /// Default of `max_in_flight`.
    pub const MAX_IN_FLIGHT: usize = 16;

    /// Checks and makes a grant.
    ///
    /// # Errors
    /// The first value that cannot be granted.
    pub fn new(parts: GrantParts) -> Result<Self, GrantError> {
        let origin: Origin = parts.origin.parse()?;
        if !parts.private && origin.address().is_some_and(|address| !is_public(address)) {
            return Err(GrantError::NotPublic(origin));
        }
        if parts.methods.is_empty() {
            return Err(GrantError::NoMethod);
        }
        if let Some(method) = parts.methods.iter().find(|method| !is_grantable(method)) {
            return Err(GrantError::Method(method.chars().take(40).collect()));
        }
        let paths = match parts.paths {
            None => Vec::new(),
            Some(paths) if paths.is_empty() => return Err(GrantError::NoPath),
            Some(paths) => paths.iter().map(|path| path.parse()).collect::<Result<_, _>>()?,
        };
        if parts.connection.as_deref() == Some("") {
            return Err(GrantError::Connection);
        }
        let max_response = within("max-response", parts.max_response.unwrap_or(Self::MAX_RESPONSE), 1, 64 << 20)?;
        let max_request = within("max-request", parts.max_request.unwrap_or(Self::MAX_REQUEST), 0, 64 << 20)?;
        let timeout = parts.timeout.unwrap_or(Self::TIMEOUT);
        let millis = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        within("timeout", millis, 1, 3_600_000)?;
        let max_in_flight = parts.max_in_flight.unwrap_or(Self::MAX_IN_FLIGHT);
        within("max-in-flight", u64::try_from(max_in_flight).unwrap_or(u64::MAX), 1, 4096)?;
        Ok(Self {
            origin,
            methods: parts.methods,
            paths,
            connection: parts.connection.map(ConnId::from),
            private: parts.private,
            max_response,
            max_request,
            timeout,
            max_in_flight,
            places: Arc::new(Semaphore::new(max_in_flight)),
        })
    }
}

/// A token of upper-case letters, digits, `-` and `_`; not a method that changes what the connection is or echoes the
/// request.
fn is_grantable(method: &str) -> bool {
    let token = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    !method.is_empty()
        && method.len() <= 40
        && method.bytes().all(token)
        && !matches!(method, "CONNECT" | "TRACE" | "TRACK")
}

fn within(key: &'static str, value: u64, least: u64, most: u64) -> Result<u64, GrantError> {
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    Err(GrantError::Range { key, value: value.into(), least: least.into(), most: most.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts() -> GrantParts {
        GrantParts { origin: "https://jobs.example.com".into(), methods: vec!["GET".into()], ..GrantParts::default() }
    }

    #[test]
    fn every_wrong_value_names_its_key() {
        for (key, wrong) in [
            ("origin", GrantParts { origin: "jobs.example.com".into(), ..parts() }),
            ("origin", GrantParts { origin: "http://127.0.0.1:*".into(), ..parts() }),
            ("origin", GrantParts { origin: "http://[::ffff:10.0.0.1]:8080".into(), ..parts() }),
            ("methods", GrantParts { methods: vec![], ..parts() }),
            ("methods", GrantParts { methods: vec!["get".into()], ..parts() }),
            ("methods", GrantParts { methods: vec!["CONNECT".into()], ..parts() }),
            ("paths", GrantParts { paths: Some(vec![]), ..parts() }),
            ("paths", GrantParts { paths: Some(vec!["v1".into()]), ..parts() }),
            ("connection", GrantParts { connection: Some(String::new()), ..parts() }),
            ("max-response", GrantParts { max_response: Some(u64::MAX), ..parts() }),
            ("max-request", GrantParts { max_request: Some(u64::MAX), ..parts() }),
            ("timeout", GrantParts { timeout: Some(Duration::ZERO), ..parts() }),
            ("max-in-flight", GrantParts { max_in_flight: Some(0), ..parts() }),
        ] {
            assert_eq!(HttpGrant::new(wrong).unwrap_err().key(), key);
        }
        assert!(HttpGrant::new(parts()).is_ok());
    }
}
