//! `[sources.NAME]` of kind `http`.

use std::time::Duration;

use serde::Deserialize;
use trigger_host_types::ConnId;
use url::{Origin, Url};

use crate::errors::SourceRefused;
use crate::source::{Access, Native, Reach, Source, Wanted, read_duration};

/// The operator's settings.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// Where batches are got; may have a query.
    pub url: Url,
    /// Query parameters a trigger may add.
    #[serde(default)]
    pub parameters: Vec<String>,
    /// Airflow connection whose credential is added.
    #[serde(default)]
    pub connection: Option<ConnId>,
    /// Whether addresses that are not public may be dialled.
    #[serde(default)]
    pub private: bool,
    /// Query parameter that carries the cursor.
    #[serde(default = "cursor_parameter")]
    pub cursor_parameter: String,
    /// JSON pointer of the array of raw events in an answer.
    #[serde(default = "events")]
    pub events: String,
    /// JSON pointer of the cursor in an answer, a text or an integer. An answer without raw events may leave it out.
    #[serde(default = "cursor")]
    pub cursor: String,
    /// Where the cursor up to which all is settled is posted, at the same origin. Without it the stream is not
    /// acknowledged.
    #[serde(default)]
    pub acknowledge: Option<Url>,
    /// How long the server may keep a request open.
    #[serde(default = "wait", deserialize_with = "read_duration")]
    pub wait: Duration,
    /// Wait before the next request after an empty answer.
    #[serde(default = "pause", deserialize_with = "read_duration")]
    pub pause: Duration,
}

/// What a whole exchange may take beyond the time the server keeps it open.
const BEYOND_WAIT: Duration = Duration::from_secs(10);

fn cursor_parameter() -> String {
    "cursor".to_owned()
}

fn events() -> String {
    "/events".to_owned()
}

fn cursor() -> String {
    "/cursor".to_owned()
}

fn wait() -> Duration {
    Duration::from_secs(30)
}

fn pause() -> Duration {
    Duration::from_secs(1)
}

impl Settings {
    /// The longest an exchange may take.
    pub(super) fn within(&self) -> Duration {
        self.wait + BEYOND_WAIT
    }
}

impl Native for Settings {
    fn reach(&self) -> Option<Reach> {
        let acknowledge = self.acknowledge.iter();
        let mut methods = vec!["GET".to_owned()];
        methods.extend(acknowledge.clone().map(|_| "POST".to_owned()));
        let paths = std::iter::once(&self.url).chain(acknowledge).map(|url| url.path().to_owned()).collect();
        Some(Reach {
            origin: self.url.origin().ascii_serialization(),
            methods,
            paths,
            connection: self.connection.clone(),
            private: self.private,
            timeout: self.within(),
        })
    }

    fn check(&self) -> Result<(), (&'static str, String)> {
        if !matches!(self.url.scheme(), "http" | "https")
            || !self.url.username().is_empty()
            || self.url.password().is_some()
        {
            return Err(("url", "write an http or https URL; a credential comes from `connection`".to_owned()));
        }
        let same_origin = |url: &Url| url.origin() == self.url.origin() && matches!(url.origin(), Origin::Tuple(..));
        if self.acknowledge.as_ref().is_some_and(|url| !same_origin(url) || url.password().is_some()) {
            return Err(("acknowledge", "write a URL with the same scheme, host and port as `url`".to_owned()));
        }
        for (key, pointer) in [("events", &self.events), ("cursor", &self.cursor)] {
            if !pointer.is_empty() && !pointer.starts_with('/') {
                return Err((key, format!("`{pointer}` is not a JSON pointer: write it like \"/events\"")));
            }
        }
        if self.cursor_parameter.is_empty() || self.parameters.contains(&self.cursor_parameter) {
            return Err(("cursor-parameter", "give it a name that is not one of `parameters`".to_owned()));
        }
        for (key, value) in [("wait", self.wait), ("pause", self.pause)] {
            if value < Duration::from_millis(10) || value > Duration::from_secs(600) {
                return Err((key, "write a duration from \"10ms\" to \"10m\"".to_owned()));
            }
        }
        Ok(())
    }

    fn make(&self, wanted: Wanted<'_>, access: Access) -> Result<Source, SourceRefused> {
        super::make(self, wanted, access)
    }
}
