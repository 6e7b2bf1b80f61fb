//! How a source is made: what a trigger asks for, what the caller lends, and what the settings of a kind have to say.
//!
//! Owns the shapes and nothing that runs. Invariant: making a source opens nothing; the group opens it when it begins
//! to read.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;
use stream_rules::{Mode, StreamKey};
use streams::Producer;
use trigger_host_types::http::{Error, Request, Response};
use trigger_host_types::{ConnId, Connections};

use crate::errors::SourceRefused;

/// What a trigger asks for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Name of the source, as the trigger describes its stream.
    pub source: &'a str,
    /// What the trigger adds: null or an object. Not trusted.
    pub parameters: &'a Value,
    /// The stream, for what has to differ from stream to stream, such as a Kafka consumer group.
    pub key: &'a StreamKey,
}

/// What the caller lends to a source.
#[derive(Clone)]
pub struct Access {
    /// Fetches the connection of the entry, each time the source is opened.
    pub connections: Arc<dyn Connections>,
    /// Sends the HTTP requests of an entry, as far as its [`Reach`] is granted: the broker.
    pub exchange: Arc<dyn Exchange>,
}

/// Sends one HTTP request, with the credential of its connection.
#[async_trait]
pub trait Exchange: Send + Sync {
    /// The whole answer, whatever its status.
    ///
    /// # Errors
    /// No answer; see [`Error`].
    async fn send(&self, request: Request) -> Result<Response, Error>;
}

/// What the HTTP requests of an entry reach: what the caller grants to its [`Exchange`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// `https://host` or `http://host:port`.
    pub origin: String,
    /// HTTP methods.
    pub methods: Vec<String>,
    /// Exact paths, percent-encoded.
    pub paths: Vec<String>,
    /// The connection whose credential is added.
    pub connection: Option<ConnId>,
    /// Whether addresses that are not public may be dialled.
    pub private: bool,
    /// The longest an exchange may take.
    pub timeout: Duration,
}

/// A source for one group. Made per subscriber, cheap: nothing is opened before the group opens it.
pub struct Source {
    /// What the group reads and acknowledges.
    pub producer: Arc<dyn Producer>,
    /// Whether it is acknowledged.
    pub mode: Mode,
}

/// The settings of one kind of source.
pub(crate) trait Native {
    /// What its HTTP requests reach, if it sends any.
    fn reach(&self) -> Option<Reach> {
        None
    }

    /// Checks what the type cannot: the key that is wrong, what is wrong with it and what would be right.
    fn check(&self) -> Result<(), (&'static str, String)>;

    /// Makes the source a trigger asks for, of settings that were checked.
    fn make(&self, wanted: Wanted<'_>, access: Access) -> Result<Source, SourceRefused>;
}

/// Reads a duration as an operator writes it: `"500ms"`, `"20s"`.
pub(crate) fn read_duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(text.trim())
        .map_err(|_| de::Error::custom(format!("`{text}` is not a duration: write it like \"20s\"")))
}

/// What the kinds that are built in need.
#[cfg(any(feature = "kafka", feature = "directory", feature = "http"))]
impl Wanted<'_> {
    /// The parameters as their kind reads them; null stands for none.
    pub(crate) fn parameters<T: de::DeserializeOwned + Default>(&self) -> Result<T, SourceRefused> {
        if self.parameters.is_null() {
            return Ok(T::default());
        }
        T::deserialize(self.parameters).map_err(|error| self.refuse(format!("parameters: {error}")))
    }

    pub(crate) fn refuse(&self, what: impl Into<String>) -> SourceRefused {
        SourceRefused::Parameters { name: self.source.to_owned(), what: what.into() }
    }
}

/// What the kinds that are not built in need.
#[cfg(not(all(feature = "kafka", feature = "directory", feature = "http")))]
impl Wanted<'_> {
    pub(crate) fn not_built(&self, kind: &'static str) -> SourceRefused {
        SourceRefused::NotBuilt { name: self.source.to_owned(), kind }
    }
}
