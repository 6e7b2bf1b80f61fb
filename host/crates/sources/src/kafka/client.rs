//! From an Airflow connection to a configured client.
//!
//! Owns which settings of a connection are passed on. Invariants: none that loads code, writes files or changes how
//! messages are acknowledged; an error names keys, never values.

use rdkafka::ClientConfig;
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value};
use trigger_host_types::Connection;

use super::{Settings, Start};

/// Keys of a connection's extra that are passed on as they are.
const PASSED_ON: [&str; 17] = [
    "bootstrap.servers",
    "broker.address.family",
    "client.dns.lookup",
    "client.id",
    "heartbeat.interval.ms",
    "sasl.mechanism",
    "sasl.mechanisms",
    "sasl.password",
    "sasl.username",
    "security.protocol",
    "session.timeout.ms",
    "socket.keepalive.enable",
    "socket.timeout.ms",
    "ssl.ca.pem",
    "ssl.certificate.pem",
    "ssl.key.pem",
    "metadata.broker.list",
];
/// Keys that belong to the host, so that they say nothing here.
const OURS: [&str; 6] = [
    "auto.offset.reset",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "group.id",
    "group.instance.id",
    "partition.assignment.strategy",
];

/// The configuration of a consumer in `group`.
pub(super) fn configuration(connection: &Connection, settings: &Settings, group: &str) -> Result<ClientConfig, String> {
    let mut config = ClientConfig::new();
    for (key, value) in extra(connection)? {
        if PASSED_ON.contains(&key.as_str()) {
            config.set(
                &key,
                to_text(&value).ok_or_else(|| format!("`{key}` in the connection's extra is not a plain value"))?,
            );
        } else if !OURS.contains(&key.as_str()) {
            tracing::warn!(
                key,
                "A setting in the extra of a Kafka connection is not one the host passes on; it is left out."
            );
        }
    }
    if config.get("bootstrap.servers").is_none() && config.get("metadata.broker.list").is_none() {
        let host = connection.host.as_deref().filter(|host| !host.is_empty());
        let host = host
            .ok_or("the connection names no broker: write `bootstrap.servers` into its extra, or its host and port")?;
        config.set("bootstrap.servers", format!("{host}:{}", connection.port.unwrap_or(9_092)));
    }
    if let (Some(login), None) = (&connection.login, config.get("sasl.username")) {
        config.set("sasl.username", login);
    }
    if let (Some(password), None) = (&connection.password, config.get("sasl.password")) {
        config.set("sasl.password", password.expose_secret());
    }
    let tls = config.get("security.protocol").is_some_and(|protocol| protocol.to_ascii_lowercase().ends_with("ssl"));
    if tls && !cfg!(feature = "kafka-tls") {
        return Err(
            "this program was built without TLS for Kafka: build it with the feature `kafka-tls`, or use a listener \
                    with `security.protocol` PLAINTEXT or SASL_PLAINTEXT"
                .to_owned(),
        );
    }
    let start = match settings.start {
        Start::Earliest => "earliest",
        Start::Latest => "latest",
    };
    config.set("group.id", group);
    config.set("auto.offset.reset", start);
    config.set("enable.auto.commit", "false");
    config.set("enable.auto.offset.store", "false");
    config.set("partition.assignment.strategy", "cooperative-sticky");
    config.set("allow.auto.create.topics", "false");
    // What is fetched ahead stays small, because a pause drops it.
    config.set("queued.min.messages", "1000");
    config.set("queued.max.messages.kbytes", "8192");
    if let Some(member) = &settings.member {
        config.set("group.instance.id", format!("{member}.{group}"));
    }
    Ok(config)
}

fn extra(connection: &Connection) -> Result<Map<String, Value>, String> {
    let Some(extra) = &connection.extra else { return Ok(Map::new()) };
    let text = extra.expose_secret().trim();
    if text.is_empty() {
        return Ok(Map::new());
    }
    serde_json::from_str(text).map_err(|_| "the connection's extra is not a JSON object".to_owned())
}

fn to_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        serde_json::from_str(r#"{"connection": "kafka", "topics": ["a"], "member": "one"}"#).unwrap()
    }

    fn configured(extra: &str) -> Result<ClientConfig, String> {
        let connection = Connection {
            host: Some("kafka.example".into()),
            login: Some("me".into()),
            password: Some("canary".into()),
            extra: Some(extra.into()),
            ..Connection::default()
        };
        configuration(&connection, &settings(), "g")
    }

    #[test]
    fn what_is_the_hosts_stays_the_hosts() {
        let extra = r#"{"bootstrap.servers": "a:1", "group.id": "x", "enable.auto.commit": true, "plugin.library.paths": "/evil.so"}"#;
        let config = configured(extra).unwrap();
        let is = |key, value| config.get(key) == Some(value);
        assert!(is("bootstrap.servers", "a:1") && is("group.id", "g") && is("enable.auto.commit", "false"));
        assert!(is("sasl.username", "me") && is("sasl.password", "canary") && is("group.instance.id", "one.g"));
        assert_eq!(config.get("plugin.library.paths"), None);
        assert_eq!(configured("").unwrap().get("bootstrap.servers"), Some("kafka.example:9092"));
    }

    #[test]
    #[cfg(not(feature = "kafka-tls"))]
    fn without_tls_nothing_goes_in_the_clear() {
        let error = configured(r#"{"security.protocol": "sasl_SSL"}"#).unwrap_err();
        assert!(error.contains("kafka-tls") && !error.contains("canary"), "{error}");
    }

    #[test]
    fn an_error_says_nothing_secret() {
        for extra in [r#"["canary"]"#, "canary", r#"{"sasl.password": ["canary"]}"#] {
            let error = configured(extra).unwrap_err();
            assert!(!error.contains("canary"), "{error}");
        }
    }
}
