//! What a connection of Airflow means for a request.
//!
//! | type | from | becomes |
//! | --- | --- | --- |
//! | `http` | login, password | `Authorization: Basic` |
//! | `http` | extra `bearer_token` | `Authorization: Bearer` |
//! | `http` | other texts of the extra, or of its `headers` | headers, as Airflow's own hook sends them |
//! | `aws` | login and password, or extra `aws_access_key_id` and `aws_secret_access_key`; extra `aws_session_token`, `region_name`, `service_name` | a signature (SigV4) |
//!
//! Invariant: a connection is for one place. One of type `http` that names a host or port is used for no other; one of type `aws` is used for
//! its `endpoint_url`, or over TLS for names below `amazonaws.com`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};
use trigger_host_types::Connection;
use url::{Host, Url};

use super::Credential;
use crate::headers::is_reserved;
use crate::origin::{Origin, Port};

/// Keys of an HTTP connection's extra that Airflow's hook takes for options, not for headers.
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

/// Keys of access, and where they count.
pub(crate) struct Aws {
    pub(super) key_id: String,
    pub(super) secret: SecretString,
    pub(super) token: Option<SecretString>,
    pub(super) region: String,
    service: Option<String>,
}

pub(super) fn read(
    connection: &Connection,
    origin: &Origin,
    secrets: &mut Vec<SecretString>,
) -> Result<Credential, String> {
    let extra = extra(connection)?;
    match connection.conn_type.as_str() {
        "http" | "https" => http(connection, extra, origin, secrets),
        "aws" => aws(connection, &extra, origin, secrets).map(Credential::Aws),
        _ => Err("its type cannot be used for HTTP: give it the type `http` or `aws`".to_owned()),
    }
}

fn extra(connection: &Connection) -> Result<Map<String, Value>, String> {
    match connection.extra.as_ref().map(|extra| extra.expose_secret().trim()) {
        None | Some("") => Ok(Map::new()),
        Some(text) => serde_json::from_str(text).map_err(|_| "its extra is not a JSON object".to_owned()),
    }
}

fn http(
    connection: &Connection,
    mut extra: Map<String, Value>,
    origin: &Origin,
    secrets: &mut Vec<SecretString>,
) -> Result<Credential, String> {
    let host = connection.host.as_deref().filter(|host| !host.is_empty());
    if !is_for(host, connection.port, origin) {
        return Err("it names another host or port than the grant's origin".to_owned());
    }
    let mut headers: Vec<(HeaderName, SecretString)> = Vec::new();
    let authorization = authorization(connection, &mut extra, secrets);
    let nested = match extra.remove("headers") {
        Some(Value::Object(nested)) => nested,
        Some(_) => return Err("`headers` in its extra is not an object".to_owned()),
        None => Map::new(),
    };
    for (name, value) in extra.into_iter().filter(|(name, _)| !OPTIONS.contains(&name.as_str())).chain(nested) {
        let Value::String(value) = value else { return Err("a header in its extra is not a text".to_owned()) };
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
    Ok(Credential::Headers(headers))
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

fn aws(
    connection: &Connection,
    extra: &Map<String, Value>,
    origin: &Origin,
    secrets: &mut Vec<SecretString>,
) -> Result<Aws, String> {
    let text = |key: &str| extra.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    if text("role_arn").is_some() || text("profile_name").is_some() {
        return Err(
            "its extra names a role or profile, which the host cannot assume: give it the keys themselves".to_owned()
        );
    }
    let login = connection.login.clone().filter(|login| !login.is_empty());
    let password = connection.password.clone().filter(|password| !password.expose_secret().is_empty());
    let key_id = login.or_else(|| text("aws_access_key_id")).ok_or("it has no access key: write the id as login")?;
    let secret = password.or_else(|| text("aws_secret_access_key").map(SecretString::from));
    let secret = secret.ok_or("it has no secret access key: write it as password")?;
    let token = text("aws_session_token").map(SecretString::from);
    secrets.push(secret.clone());
    secrets.extend(token.clone());
    let Host::Domain(name) = origin.host() else {
        return of_endpoint(text("endpoint_url"), origin)
            .and_then(|()| made(key_id, secret, token, text("region_name"), text("service_name")));
    };
    let (service, region) = of_name(name);
    if text("endpoint_url").is_some() || service.is_none() || !origin.is_https() {
        of_endpoint(text("endpoint_url"), origin)?;
    }
    made(key_id, secret, token, text("region_name").or(region), text("service_name").or(service))
}

fn made(
    key_id: String,
    secret: SecretString,
    token: Option<SecretString>,
    region: Option<String>,
    service: Option<String>,
) -> Result<Aws, String> {
    let region = region.ok_or("it names no region: write `region_name` into its extra")?;
    Ok(Aws { key_id, secret, token, region, service })
}

fn of_endpoint(endpoint: Option<String>, origin: &Origin) -> Result<(), String> {
    let endpoint = endpoint.ok_or("the grant's origin is not one of AWS: write it as `endpoint_url` into the extra")?;
    let endpoint = Url::parse(&endpoint).ok().and_then(|url| Origin::of(&url));
    if endpoint.as_ref() == Some(origin) {
        Ok(())
    } else {
        Err("its `endpoint_url` is not the grant's origin".to_owned())
    }
}

/// Service and region of a name such as `sqs.eu-west-1.amazonaws.com` or `bucket.s3.eu-west-1.amazonaws.com`.
fn of_name(name: &str) -> (Option<String>, Option<String>) {
    let stem = name.strip_suffix(".amazonaws.com").or_else(|| name.strip_suffix(".amazonaws.com.cn"));
    let Some(stem) = stem else { return (None, None) };
    let labels: Vec<&str> = stem.rsplit('.').collect();
    match labels.as_slice() {
        [service] => (Some((*service).to_owned()), Some("us-east-1".to_owned())),
        [region, service, ..] => (Some((*service).to_owned()), Some((*region).to_owned())),
        [] => (None, None),
    }
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

impl Aws {
    /// The service a request is for.
    pub(super) fn service_of(&self, headers: &HeaderMap) -> Result<String, &'static str> {
        if let Some(service) = &self.service {
            return Ok(service.clone());
        }
        let target = headers.get("x-amz-target").and_then(|target: &HeaderValue| target.to_str().ok());
        if target.is_some_and(|target| target.starts_with("AmazonSQS.")) {
            return Ok("sqs".to_owned());
        }
        Err("the AWS connection does not say which service its `endpoint_url` is: write `service_name` into its extra")
    }
}

#[cfg(test)]
impl Aws {
    pub(super) fn for_test(key_id: &str, secret: &str, token: Option<&str>, region: &str) -> Self {
        let token = token.map(SecretString::from);
        Self { key_id: key_id.to_owned(), secret: secret.into(), token, region: region.to_owned(), service: None }
    }
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

    #[test]
    fn an_aws_connection_is_for_aws_or_its_endpoint() {
        let read = |extra: &str, at: &str| {
            let connection = Connection {
                conn_type: "aws".into(),
                login: Some("AKIDEXAMPLE".into()),
                password: Some("canary-secret".into()),
                extra: Some(extra.into()),
                ..Connection::default()
            };
            let read = read(&connection, &origin(at), &mut Vec::new());
            read.map(|credential| match credential {
                Credential::Aws(aws) => (aws.service, aws.region),
                Credential::Headers(_) => panic!("not a signature"),
            })
        };
        let is = |service: Option<&str>, region: &str| Ok((service.map(str::to_owned), region.to_owned()));
        assert_eq!(read("", "https://sqs.eu-west-1.amazonaws.com"), is(Some("sqs"), "eu-west-1"));
        assert_eq!(read("", "https://b.s3.eu-west-1.amazonaws.com"), is(Some("s3"), "eu-west-1"));
        assert_eq!(read("", "https://iam.amazonaws.com"), is(Some("iam"), "us-east-1"));
        let local = r#"{"region_name": "eu-west-1", "endpoint_url": "http://127.0.0.1:5000"}"#;
        assert_eq!(read(local, "http://127.0.0.1:5000"), is(None, "eu-west-1"));
        for (extra, at) in [
            ("", "https://amazonaws.com.example.com"),
            ("", "https://evilamazonaws.com"),
            (r#"{"region_name": "a"}"#, "http://sqs.eu-west-1.amazonaws.com"),
            (local, "http://127.0.0.1:5001"),
            (local, "https://sqs.eu-west-1.amazonaws.com"),
            (r#"{"role_arn": "canary-secret"}"#, "https://sqs.eu-west-1.amazonaws.com"),
            (r#"["canary-secret"]"#, "https://sqs.eu-west-1.amazonaws.com"),
        ] {
            let Err(error) = read(extra, at) else { panic!("{extra} {at}: it is used") };
            assert!(!error.contains("canary"), "{error}");
        }
    }
}
