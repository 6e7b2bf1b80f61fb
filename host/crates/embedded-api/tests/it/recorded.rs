//! Replaying what was recorded from Airflow: the fixture's requests, tokens made for it, and the comparison.

use embedded_api::{Auth, Config, Secret};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::harness::{Answer, START, Server};

/// The secret of the recordings' tokens.
pub(crate) const SECRET: &str = "contract-fixture-jwt-secret-0123456789abcdef0123456789abcdef0123456789abcdef";
pub(crate) const ZERO: &str = "00000000-0000-0000-0000-000000000000";

pub(crate) fn fixture(name: &str) -> Value {
    let path = format!("{}/../../../tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap();
    // One recording shows a stored lone surrogate, which is nothing that strict JSON can say.
    serde_json::from_str(&text.replace(r#""event": "\ud800""#, r#""event": null"#)).unwrap()
}

/// A server that answers as the recorded one: with tokens, without our extensions.
pub(crate) fn airflow(config: &mut Config) {
    config.auth = Auth::Secret(Secret::new(SecretString::from(SECRET)));
    config.extensions = false;
}

/// A token; claims of `null` are left out.
pub(crate) fn token(changes: Value) -> String {
    sign(changes, SECRET, jsonwebtoken::Algorithm::HS512)
}

pub(crate) fn sign(changes: Value, secret: &str, algorithm: jsonwebtoken::Algorithm) -> String {
    let now = START / 1_000;
    let mut claims = json!({"sub": ZERO, "jti": "0", "aud": "urn:airflow.apache.org:task", "iat": now, "nbf": now, "exp": now + 600});
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    let key = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&jsonwebtoken::Header::new(algorithm), &claims, &key).unwrap()
}

/// Sends a recorded request with this token in the place of the recorded one.
pub(crate) async fn replay(server: &Server, exchange: &Value, path: &str, token: &str) -> Answer {
    let request = &exchange["request"];
    let mut headers: Vec<(&str, String)> = Vec::new();
    for (name, value) in request["headers"].as_object().unwrap() {
        if name != "Content-Type" {
            headers.push((name, value.as_str().unwrap().replace("<token>", token)));
        }
    }
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let body = match (request.get("json"), request.get("raw_body").and_then(Value::as_str)) {
        (_, Some(raw)) if raw.starts_with('<') => Some(nested(exchange["name"].as_str().unwrap())),
        (_, Some(raw)) => Some(raw.to_owned()),
        (Some(json), None) => Some(json.to_string()),
        (None, None) => None,
    };
    let path = format!("{path}{}", query(request));
    server.try_call(request["method"].as_str().unwrap(), &path, &headers, body.as_deref()).await.unwrap()
}

fn nested(name: &str) -> String {
    let depth: usize = name.rsplit('_').next().unwrap().parse().unwrap();
    format!("{{\"payload\": {}{}}}", "[".repeat(depth), "]".repeat(depth))
}

fn query(request: &Value) -> String {
    let Some(query) = request.get("query").and_then(Value::as_object) else { return String::new() };
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in query {
        for value in value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]) {
            pairs.append_pair(name, value.as_str().unwrap_or(&value.to_string()));
        }
    }
    format!("?{}", pairs.finish())
}

/// Compares status, headers and body; members of these names may differ, whatever they are in.
pub(crate) fn compare(exchange: &Value, answer: &Answer, free: &[&str]) -> Result<(), String> {
    let name = exchange["name"].as_str().unwrap();
    if exchange["status"] != answer.status {
        return Err(format!("{name}: expected {}, got {} {}", exchange["status"], answer.status, answer.body));
    }
    for (header, value) in exchange["response_headers"].as_object().unwrap() {
        let got = answer.header(header);
        let there_is_enough = value == "<token>" && got.is_some();
        if !there_is_enough && got != value.as_str() {
            return Err(format!("{name}: header {header}: expected {value}, got {got:?}"));
        }
    }
    let expected = exchange.get("response_json").map(|body| without(body.clone(), free));
    match expected {
        None if answer.body.is_empty() => Ok(()),
        None => Err(format!("{name}: expected no body, got {}", answer.body)),
        Some(expected) => {
            let got = without(answer.json(), free);
            if expected == got { Ok(()) } else { Err(format!("{name}:\n expected {expected}\n got      {got}")) }
        }
    }
}

/// The value with the free members set to null, and the ids out of the log texts.
fn without(value: Value, free: &[&str]) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| {
                let value = if free.contains(&name.as_str()) { Value::Null } else { without(value, free) };
                (name, value)
            })
            .collect(),
        Value::Array(items) => items.into_iter().map(|item| without(item, free)).collect(),
        Value::String(text) => text.split(" ID ").next().unwrap_or_default().into(),
        other => other,
    }
}
