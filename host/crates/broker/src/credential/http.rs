//! Connections of type `http`: headers, as Airflow's own hook sends them.
//!
//! | from | becomes |
//! | --- | --- |
//! | login, password | `Authorization: Basic` |
//! | extra `bearer_token` | `Authorization: Bearer` |
//! | other texts of the extra, or of its `headers` | headers of these names |
//!
//! Invariant: a connection that names a host or port is used for no other.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, HeaderName};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};
use trigger_host_types::Connection;
use trigger_host_types::http::Error;
use url::Url;

use super::{Authorize, Kind, Lent, Outgoing};
use crate::headers::is_reserved;
use crate::origin::{Origin, Port};

pub(super) const KIND: Kind = Kind { conn_types: &["http", "https"], read };

/// Keys of the extra that Airflow's hook takes for options, not for headers.
const OPTIONS: [&str; 9] = [
    "allow_redirects",
    "cert",
    "check_response",
    "max_redirects",
    "proxies",
    "stream",
    "timeout",
    "trust_env",
    "verify",
];

/// Headers that are the same for every request.
struct Headers(Vec<(HeaderName, SecretString)>);

impl Authorize for Headers {
    fn names(&self) -> Vec<HeaderName> {
        self.0.iter().map(|(name, _)| name.clone()).collect()
    }

    fn headers(&self, _: &Outgoing<'_>) -> Result<Vec<(HeaderName, SecretString)>, Error> {
        Ok(self.0.clone())
    }
}

fn read(lent: Lent<'_>, secrets: &mut Vec<SecretString>) -> Result<Box<dyn Authorize>, String> {
    let Lent { connection, mut extra, origin } = lent;
    let host = connection.host.as_deref().filter(|host| !host.is_empty());
    if !is_for(host, connection.port, origin) {
        return Err("its host or port is not that of the grant's origin".to_owned());
    }
    let mut headers: Vec<(HeaderName, SecretString)> = Vec::new();
    let authorization = authorization(connection, &mut extra, secrets);
    let nested = match extra.remove("headers") {
        Some(Value::Object(nested)) => nested,
        Some(_) => return Err("`headers` in its extra must be a JSON object".to_owned()),
        None => Map::new(),
    };
    for (name, value) in extra.into_iter().filter(|(name, _)| !OPTIONS.contains(&name.as_str())).chain(nested) {
        let Value::String(value) = value else { return Err("a header in its extra must be a string".to_owned()) };
        let parsed = HeaderName::from_bytes(name.as_bytes()).ok().filter(|name| !is_reserved(name));
        let name = parsed.ok_or("a key of its extra is neither an option nor a header that may be sent")?;
        if name == AUTHORIZATION && authorization.is_some() {
            continue;
        }
        // The token behind the scheme is what comes back in other places.
        if let (true, Some((_, token))) = (name == AUTHORIZATION, value.split_once(' ')) {
            secrets.push(token.trim().into());
        }
        secrets.push(value.as_str().into());
        headers.push((name, value.into()));
    }
    headers.extend(authorization.map(|value| (AUTHORIZATION, value)));
    if headers.is_empty() {
        return Err("it has no credential: give it a login and password, or headers in its extra".to_owned());
    }
    Ok(Box::new(Headers(headers)))
}

fn authorization(
    connection: &Connection,
    extra: &mut Map<String, Value>,
    secrets: &mut Vec<SecretString>,
) -> Option<SecretString> {
    let bearer = extra.remove("bearer_token").and_then(|token| token.as_str().map(str::to_owned));
    if let Some(token) = bearer {
        secrets.push(token.as_str().into());
        return Some(format!("Bearer {token}").into());
    }
    let login = connection.login.as_deref().filter(|login| !login.is_empty())?;
    let password = connection.password.as_ref().map_or("", |password| password.expose_secret());
    let pair = format!("{login}:{password}");
    let coded = STANDARD.encode(&pair);
    secrets.extend([password.into(), pair.into(), coded.as_str().into()]);
    Some(format!("Basic {coded}").into())
}

/// Whether a connection that names this host and port is for an origin.
fn is_for(host: Option<&str>, port: Option<u16>, origin: &Origin) -> bool {
    let same_port = |port| origin.port() == Port::Exact(port);
    let Some(host) = host else { return port.is_none_or(same_port) };
    if host.contains("://") {
        let named = Url::parse(host).ok();
        let named_port = named.as_ref().and_then(|url| port.or_else(|| url.port_or_known_default()));
        return named.as_ref().and_then(Url::host).is_some_and(|host| host.to_owned() == *origin.host())
            && named_port.is_none_or(same_port)
            && named.is_some_and(|url| url.scheme() != "https" || origin.is_https());
    }
    let host = host.split('/').next().unwrap_or_default();
    let named = Url::parse(&format!("http://{host}")).ok();
    let written = named.as_ref().and_then(Url::port);
    named.as_ref().and_then(Url::host).is_some_and(|host| host.to_owned() == *origin.host())
        && port.or(written).is_none_or(same_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Origin {
        text.parse().unwrap()
    }

    #[test]
    fn a_connection_is_for_one_place() {
        let at = origin("https://jobs.example.com");
        for host in [
            "jobs.example.com",
            "JOBS.example.com",
            "https://jobs.example.com",
            "https://jobs.example.com/v1",
            "jobs.example.com:443",
            "http://jobs.example.com:443",
        ] {
            assert!(is_for(Some(host), None, &at), "{host}");
        }
        for host in [
            "other.example.com",
            "https://other.example.com",
            "https://jobs.example.com:8443",
            "jobs.example.com.evil",
            "[",
            "://",
        ] {
            assert!(!is_for(Some(host), None, &at), "{host}");
        }
        assert!(is_for(None, None, &at) && is_for(None, Some(443), &at) && !is_for(None, Some(80), &at));
        assert!(
            !is_for(Some("https://jobs.example.com"), None, &origin("http://jobs.example.com:443")),
            "not in the clear"
        );
    }
}
