//! The operator's table of sources, and how one of them is made.
//!
//! Owns nothing that runs. Invariant: a source that a guest asks for is one of the table, with parameters that its entry allows.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;
use stream_rules::{Mode, StreamKey};
use streams::Producer;
use trigger_host_types::http::{Error, Request, Response};
use trigger_host_types::{ConnId, Connections};

use crate::{SourceRefused, directory, http, kafka};

/// `[sources]` of the configuration, by name.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(transparent)]
pub struct Sources(BTreeMap<String, Kind>);

/// `[sources.NAME]`: its kind, and the settings of that kind.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Kind {
    /// Topics of Kafka, acknowledged by committed offsets.
    Kafka(kafka::Settings),
    /// New files of a folder, not acknowledged.
    Directory(directory::Settings),
    /// Batches of an HTTP endpoint with a cursor.
    Http(Box<http::Settings>),
}

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
    /// Sends HTTP requests of an entry of kind `http` by [`http::Settings`]' grant: the broker.
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

/// A source for one group. Made per subscriber, cheap: nothing is opened before the group opens it.
pub struct Source {
    /// What the group reads and acknowledges.
    pub producer: Arc<dyn Producer>,
    /// Whether it is acknowledged.
    pub mode: Mode,
}

impl Sources {
    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// One entry.
    pub fn get(&self, name: &str) -> Option<&Kind> {
        self.0.get(name)
    }

    /// Checks every entry, so that a mistake is found when the configuration is read and not when a trigger comes.
    ///
    /// # Errors
    /// The first problem of each entry.
    pub fn check(&self) -> Result<(), Vec<SourceRefused>> {
        let problems: Vec<_> = self.0.iter().filter_map(|(name, kind)| kind.check(name).err()).collect();
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// Makes the source a trigger asks for.
    ///
    /// # Errors
    /// There is none of that name, this program has none of its kind, or the parameters are not allowed.
    pub fn make(&self, wanted: Wanted<'_>, access: Access) -> Result<Source, SourceRefused> {
        let Some(kind) = self.get(wanted.source) else {
            return Err(SourceRefused::Unknown(wanted.source.chars().take(100).collect()));
        };
        kind.make(wanted, access)
    }
}

impl Kind {
    /// The connection its source uses, if it uses one.
    pub const fn connection(&self) -> Option<&ConnId> {
        match self {
            Self::Kafka(settings) => Some(&settings.connection),
            Self::Directory(_) => None,
            Self::Http(settings) => settings.connection.as_ref(),
        }
    }

    /// What the table calls it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Kafka(_) => "kafka",
            Self::Directory(_) => "directory",
            Self::Http(_) => "http",
        }
    }

    /// Whether this program was built with sources of this kind.
    pub const fn is_built(&self) -> bool {
        match self {
            Self::Kafka(_) => cfg!(feature = "kafka"),
            Self::Directory(_) => cfg!(feature = "directory"),
            Self::Http(_) => cfg!(feature = "http"),
        }
    }

    /// Makes the source a trigger asks for, of an entry that is [`Wanted::source`].
    ///
    /// # Errors
    /// This program has none of this kind, the entry is wrong, or the parameters are not allowed.
    pub fn make(&self, wanted: Wanted<'_>, access: Access) -> Result<Source, SourceRefused> {
        self.check(wanted.source)?;
        match self {
            Self::Kafka(settings) => kafka::make(settings, wanted, access),
            Self::Directory(settings) => directory::make(settings, wanted),
            Self::Http(settings) => http::make(settings, wanted, access),
        }
    }

    /// Checks the entry `name`, as [`Sources::check`] does.
    ///
    /// # Errors
    /// The first problem.
    pub fn check(&self, name: &str) -> Result<(), SourceRefused> {
        if !self.is_built() {
            return Err(SourceRefused::NotBuilt { name: name.to_owned(), kind: self.name() });
        }
        let checked = match self {
            Self::Kafka(settings) => settings.check(),
            Self::Directory(settings) => settings.check(),
            Self::Http(settings) => settings.check(),
        };
        checked.map_err(|(key, what)| SourceRefused::Settings { name: name.to_owned(), key, what })
    }
}

/// What the kinds that are built in need.
#[cfg(any(feature = "kafka", feature = "directory", feature = "http"))]
impl Wanted<'_> {
    /// The parameters as their kind reads them; null stands for none.
    pub(crate) fn parameters<T: serde::de::DeserializeOwned + Default>(&self) -> Result<T, SourceRefused> {
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
