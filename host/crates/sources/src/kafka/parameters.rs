//! What a trigger adds to the settings of a Kafka source.

use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use stream_rules::StreamKey;
use trigger_host_types::hex;

use super::settings::{Settings, is_plain, is_topic};
use crate::errors::SourceRefused;
use crate::source::Wanted;

/// Most topics of one stream.
const MOST_TOPICS: usize = 64;

/// What a trigger adds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Parameters {
    /// At least one, unless the settings name exactly one.
    #[serde(default)]
    pub(super) topics: Vec<String>,
}

impl Settings {
    /// The topics a trigger asks for, in order and each once.
    pub(super) fn topics(&self, wanted: &Wanted<'_>) -> Result<Vec<String>, SourceRefused> {
        let Parameters { mut topics } = wanted.parameters()?;
        if let ([only], true) = (self.topics.as_slice(), topics.is_empty())
            && !only.ends_with('*')
        {
            topics.push(only.clone());
        }
        if topics.is_empty() || topics.len() > MOST_TOPICS {
            return Err(wanted.refuse(format!("name 1 to {MOST_TOPICS} topics in `topics`")));
        }
        topics.sort_unstable();
        topics.dedup();
        match topics.iter().find(|topic| !is_topic(topic) || !self.grants(topic)) {
            Some(topic) => {
                let shown: String = topic.chars().take(100).flat_map(char::escape_default).collect();
                Err(wanted.refuse(format!("the topic `{shown}` is not one of its `topics`")))
            }
            None => Ok(topics),
        }
    }

    /// The consumer group of a stream: two streams on the same topics both see every message.
    pub(super) fn group_of(&self, key: &StreamKey) -> String {
        let text = key.to_string();
        let plain: String =
            text.chars().take(100).map(|c| if c.is_ascii() && is_plain(c as u8) { c } else { '_' }).collect();
        // What was replaced or cut off still makes a difference.
        let digest = Sha256::digest(text.as_bytes());
        format!("{}.{plain}.{}", self.group, hex::encode(&digest[..6]))
    }

    fn grants(&self, topic: &str) -> bool {
        self.topics.iter().any(|granted| match granted.strip_suffix('*') {
            Some(begins) => topic.starts_with(begins),
            None => topic == granted,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    use crate::kafka::Start;
    use crate::source::Native as _;

    fn settings(topics: &[&str]) -> Settings {
        let topics = topics.iter().map(|topic| (*topic).to_owned()).collect();
        Settings {
            connection: "kafka".into(),
            topics,
            group: "trigger-host".into(),
            start: Start::Earliest,
            member: None,
        }
    }

    fn ask(settings: &Settings, parameters: &Value) -> Result<Vec<String>, SourceRefused> {
        let wanted = Wanted { source: "orders", parameters, key: &StreamKey::global("k") };
        settings.check().map_err(|(_, what)| wanted.refuse(what))?;
        settings.topics(&wanted)
    }

    #[test]
    fn a_trigger_reads_what_is_granted() {
        let granted = settings(&["orders", "audit-*"]);
        assert_eq!(
            ask(&granted, &json!({ "topics": ["orders", "audit-eu", "orders"] })).unwrap(),
            ["audit-eu", "orders"]
        );
        for refused in [
            json!({ "topics": ["other"] }),
            json!({ "topics": ["audit"] }),
            json!({ "topics": ["^.*"] }),
            json!({ "topics": ["audit-*"] }),
            json!({ "topics": [] }),
            json!({ "topics": ["orders"], "group": "mine" }),
            json!(null),
            json!([]),
        ] {
            assert!(ask(&granted, &refused).is_err(), "{refused}");
        }
        assert_eq!(ask(&settings(&["orders"]), &Value::Null).unwrap(), ["orders"]);
    }

    #[test]
    fn every_stream_has_a_group_of_its_own() {
        let group = |key: &str| settings(&["a"]).group_of(&StreamKey::of_class("demo.Queue".into(), key));
        assert!(group(r#"{"topic":"a"}"#).starts_with("trigger-host.demo.Queue__"));
        assert_ne!(group("a b"), group("a_b"));
    }

    #[test]
    fn odd_settings_are_refused() {
        for topics in [&[][..], &["a*b"], &["^a"], &["a b"], &[".."]] {
            assert!(settings(topics).check().is_err(), "{topics:?}");
        }
        assert!(settings(&["*"]).check().is_ok());
        assert!(Settings { group: String::new(), ..settings(&["a"]) }.check().is_err());
        assert!(Settings { member: Some("a b".into()), ..settings(&["a"]) }.check().is_err());
    }
}
