//! The keys of a connection's extra that a grant lists. Pure.
//!
//! An extra holds secrets beside settings, and its author need not have kept them apart. A value leaves only when all
//! of this holds, at any depth, also within text that is JSON itself:
//! - its key is granted by name;
//! - no name in it says that it is a secret, nor does its own;
//! - no text in it is or contains what is secret in the same connection: its login, its password, or the value of a key
//!   with such a name;
//! - no text in it is a URL with user information, a private key, or a list of parameters of which one has such a name.
//!
//! Everything else is a refusal that names the key and not the reason: a reason would tell what a secret looks like.
//! What is looked at is what is handed out: of a key that stands twice in an object, the last value, as Python reads
//! it.

use encodings::value_from_wire;
use execution_api::WireConnection;
use secrecy::ExposeSecret as _;
use secrets::names_secret;
use serde_json::Value;
use trigger_host_types::airflow::{Error, Extra};

/// Text that is JSON within text that is JSON, and so on: nothing needs more, and what needs it is refused.
const MOST_LAYERS: usize = 4;
/// A secret of so many characters is looked for within text; a shorter one would be found in innocent words, and must
/// be the whole of a text.
const LONG_SECRET: usize = 8;

/// The settings with these keys, in this order. Keys that are not there are left out.
pub(crate) fn choose(found: &WireConnection, keys: &[String]) -> Result<Vec<Extra>, Error> {
    let extra = found.extra.as_ref().map(|extra| extra.expose_secret().trim()).unwrap_or_default();
    if extra.is_empty() {
        return Ok(Vec::new());
    }
    let Ok(Value::Object(extra)) = serde_json::from_str(extra) else {
        return Err(Error::Other(format!("the extra of the connection `{}` is not a JSON object", found.conn_id)));
    };
    let mut secrets = Secrets::default();
    secrets.collect(found, &extra);
    let granted = keys.iter().filter_map(|key| Some((key, extra.get(key)?)));
    granted
        .map(|(key, value)| {
            if names_secret(key) || secrets.may_be_in(value, MOST_LAYERS) {
                return Err(refuse(found, key));
            }
            let value = value_from_wire(&value.to_string()).map_err(|_| refuse(found, key))?;
            Ok(Extra { key: key.clone(), value })
        })
        .collect()
}

fn refuse(found: &WireConnection, key: &str) -> Error {
    let id = &found.conn_id;
    Error::NotGranted(format!(
        "the key `{key}` of the extra of the connection `{id}` may hold a secret, so no trigger can read it: take it out of the grant"
    ))
}

/// What is secret in one connection.
#[derive(Default)]
struct Secrets<'a>(Vec<&'a str>);

impl<'a> Secrets<'a> {
    fn collect(&mut self, found: &'a WireConnection, extra: &'a serde_json::Map<String, Value>) {
        self.add(found.login.as_deref());
        self.add(found.password.as_ref().map(|password| password.expose_secret()));
        extra.iter().for_each(|(key, value)| self.collect_below(value, names_secret(key)));
    }

    /// All text below a name that says so.
    fn collect_below(&mut self, value: &'a Value, is_secret: bool) {
        match value {
            Value::String(text) if is_secret => self.add(Some(text)),
            Value::Array(items) => items.iter().for_each(|item| self.collect_below(item, is_secret)),
            Value::Object(members) => {
                members.iter().for_each(|(key, value)| self.collect_below(value, is_secret || names_secret(key)));
            }
            _ => {}
        }
    }

    fn add(&mut self, secret: Option<&'a str>) {
        self.0.extend(secret.filter(|secret| !secret.is_empty()));
    }

    fn may_be_in(&self, value: &Value, layers: usize) -> bool {
        match value {
            Value::Null | Value::Bool(_) => false,
            Value::Number(number) => self.0.contains(&number.to_string().as_str()),
            Value::String(text) => self.may_be_in_text(text, layers),
            Value::Array(items) => items.iter().any(|item| self.may_be_in(item, layers)),
            Value::Object(members) => members.iter().any(|(key, value)| {
                names_secret(key) || self.may_be_in_text(key, layers) || self.may_be_in(value, layers)
            }),
        }
    }

    fn may_be_in_text(&self, text: &str, layers: usize) -> bool {
        let is_in = |secret: &str| match secret.chars().count() {
            0..LONG_SECRET => text.trim() == secret,
            _ => text.contains(secret),
        };
        if self.0.iter().any(|secret| is_in(secret))
            || is_private_key(text)
            || has_user(text)
            || has_secret_parameter(text)
        {
            return true;
        }
        match serde_json::from_str(text) {
            Ok(inner @ (Value::Object(_) | Value::Array(_) | Value::String(_))) => {
                layers == 0 || self.may_be_in(&inner, layers - 1)
            }
            _ => false,
        }
    }
}

fn is_private_key(text: &str) -> bool {
    text.contains("-----BEGIN") && text.contains("PRIVATE KEY")
}

/// `scheme://user:password@host`, with anything as a password.
fn has_user(text: &str) -> bool {
    text.split_once("://").is_some_and(|(_, rest)| rest.contains('@'))
}

/// `https://h/x?sig=..`, `Endpoint=..;SharedAccessKey=..`, `user=.. password=..`.
fn has_secret_parameter(text: &str) -> bool {
    let parameters = text.split(|c: char| matches!(c, '?' | '&' | ';' | ',' | '#') || c.is_whitespace());
    parameters.filter_map(|one| one.split_once('=')).any(|(name, _)| names_secret(name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const CANARY: &str = "canary-4711";

    fn connection(extra: &str) -> WireConnection {
        let wire = json!({
            "conn_id": "c", "conn_type": "aws", "login": "AKIA-canary", "password": CANARY, "extra": extra,
        });
        serde_json::from_str(&wire.to_string()).unwrap()
    }

    fn chosen(extra: &str, keys: &[&str]) -> Result<Vec<(String, String)>, Error> {
        let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        let extras = choose(&connection(extra), &keys)?;
        Ok(extras.into_iter().map(|extra| (extra.key, extra.value)).collect())
    }

    #[test]
    fn a_granted_setting_comes_as_it_is_and_an_absent_one_is_left_out() {
        let extra = json!({
            "region_name": "eu-central-1", "tenantId": "t-1", "project": "p", "retries": 3, "verify": false,
            "config_kwargs": {"signature_version": "unsigned", "list": [1, "x"]}, "endpoint_url": "https://s3.example:9000/a?b=c",
            "other": "not granted", "aws_secret_access_key": CANARY, "$ref": {"$datetime": "x"},
        });
        let keys = ["tenantId", "region_name", "absent", "retries", "verify", "config_kwargs", "endpoint_url", "$ref"];
        let chosen = chosen(&extra.to_string(), &keys).unwrap();
        let expected = [
            ("tenantId", "\"t-1\""),
            ("region_name", "\"eu-central-1\""),
            ("retries", "3"),
            ("verify", "false"),
            ("config_kwargs", r#"{"list":[1,"x"],"signature_version":"unsigned"}"#),
            ("endpoint_url", "\"https://s3.example:9000/a?b=c\""),
            ("$ref", r#"{"$dict":[["$datetime","x"]]}"#),
        ];
        let expected: Vec<_> = expected.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        assert_eq!(chosen, expected);
    }

    #[test]
    fn a_connection_without_an_extra_has_no_settings() {
        for extra in ["", "  ", "{}"] {
            assert_eq!(chosen(extra, &["region_name"]).unwrap(), []);
        }
        let none: WireConnection = serde_json::from_str(r#"{"conn_id": "c", "conn_type": "aws"}"#).unwrap();
        assert_eq!(choose(&none, &["region_name".to_owned()]).unwrap(), []);
        for extra in ["[1]", "\"x\"", "{not json", "null"] {
            let error = chosen(extra, &["region_name"]).unwrap_err();
            assert_eq!(error.to_string(), "the extra of the connection `c` is not a JSON object");
        }
    }

    #[test]
    fn no_secret_comes_out_whatever_the_grant_lists() {
        let nested = json!({"a": [{"Client-Secret": "s"}]});
        let key = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n";
        for (name, value) in [
            // By its own name, however it is written.
            ("aws_secret_access_key", json!("s")),
            ("AWS_SESSION_TOKEN", json!("s")),
            ("privateKey", json!("s")),
            ("api-key", json!("s")),
            ("sharedAccessKey", json!("s")),
            ("extra__google_cloud_platform__keyfile_dict", json!("{}")),
            ("aws_access_key_id", json!("AKIA")),
            ("login", json!("someone")),
            ("credentials", json!({})),
            // By a name within.
            ("config", nested.clone()),
            ("config", json!(nested.to_string())),
            ("config", json!(json!(nested.to_string()).to_string())),
            ("config", json!({"password": null})),
            // By what it contains.
            ("region", json!(CANARY)),
            ("region", json!(format!("x{CANARY}x"))),
            ("region", json!([{"a": format!("x{CANARY}")}])),
            ("region", json!({CANARY: 1})),
            ("region", json!("AKIA-canary")),
            ("region", json!(" s3 ")),
            ("region", json!("value-of-the-token")),
            ("endpoint", json!("https://u:p@h.example/")),
            ("endpoint", json!("https://h.example/x?sig=abc")),
            ("endpoint", json!("https://h.example/x?a=b&access_token=abc")),
            ("endpoint", json!("Endpoint=sb://h/;SharedAccessKey=abc")),
            ("dsn_text", json!("host=h user=u password=p")),
            ("key_text", json!(key)),
        ] {
            let mut extra = json!({"token": "value-of-the-token", "inner": {"secrets": ["s3"]}});
            extra[name] = value;
            let error = chosen(&extra.to_string(), &[name]).unwrap_err();
            let text = error.to_string();
            assert!(matches!(error, Error::NotGranted(_)), "{extra}");
            assert!(
                text.contains(&format!("`{name}`")) && !text.contains(CANARY) && !text.contains("value-of"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_key_that_stands_twice_hides_nothing() {
        let twice = r#"{"a": {"b": {"password": "x"}, "b": 1}, "a": {"b": {"password": "canary-4711"}, "b": 2}}"#;
        assert_eq!(chosen(twice, &["a"]).unwrap(), [("a".to_owned(), r#"{"b":2}"#.to_owned())]);
    }

    #[test]
    fn text_that_is_packed_too_often_is_refused() {
        let mut text = json!("plain").to_string();
        for _ in 0..MOST_LAYERS + 1 {
            text = json!(text).to_string();
        }
        let extra = format!("{{\"region\": {text}}}");
        assert!(chosen(&extra, &["region"]).is_err());
    }
}
