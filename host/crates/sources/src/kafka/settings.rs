//! `[sources.NAME]` of kind `kafka`.

use serde::Deserialize;
use trigger_host_types::ConnId;

use crate::errors::SourceRefused;
use crate::source::{Access, Native, Source, Wanted};

/// The operator's settings.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// Airflow connection with the brokers and the credentials.
    pub connection: ConnId,
    /// Topics a trigger may name; a trailing `*` stands for any end.
    pub topics: Vec<String>,
    /// Each stream reads in a consumer group of its own, whose name begins so.
    #[serde(default = "group")]
    pub group: String,
    /// Where a consumer group begins that has committed nothing yet.
    #[serde(default)]
    pub start: Start,
    /// Makes the host a static member of its groups (`group.instance.id`): no rebalance when it restarts within the
    /// session timeout. Must differ from host to host.
    #[serde(default)]
    pub member: Option<String>,
}

/// Where a consumer group begins that has committed nothing yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// With the oldest message there is.
    #[default]
    Earliest,
    /// With what comes after.
    Latest,
}

fn group() -> String {
    "trigger-host".to_owned()
}

impl Native for Settings {
    fn check(&self) -> Result<(), (&'static str, String)> {
        if self.topics.is_empty() {
            return Err(("topics", "the list is empty: name the topics that may be read".to_owned()));
        }
        if let Some(topic) = self.topics.iter().find(|topic| !is_topic(topic.strip_suffix('*').unwrap_or(topic))) {
            return Err(("topics", format!("`{topic}` is not the name of a topic; only its end may be `*`")));
        }
        if self.group.is_empty() || self.group.len() > 100 || !self.group.bytes().all(is_plain) {
            return Err(("group", "write at most 100 letters, digits, `.`, `_` and `-`".to_owned()));
        }
        if self.member.as_ref().is_some_and(|member| member.is_empty() || !member.bytes().all(is_plain)) {
            return Err(("member", "write letters, digits, `.`, `_` and `-`".to_owned()));
        }
        Ok(())
    }

    fn make(&self, wanted: Wanted<'_>, access: Access) -> Result<Source, SourceRefused> {
        super::make(self, wanted, access)
    }
}

/// Whether Kafka accepts this name. The name before a `*` may be empty. (A leading `^` would make librdkafka read a
/// pattern.)
pub(super) fn is_topic(name: &str) -> bool {
    name.len() <= 249 && name != "." && name != ".." && name.bytes().all(is_plain)
}

pub(super) fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}
